import { describe, expect, it } from "vitest";
import { chooseLanguage, duration, Format, NOTHING } from "../src/i18n/format";
import { wordsOf } from "../src/i18n/words";
import { AT } from "./samples";

describe("durations", () => {
  it.each([
    [0, "0:00"],
    [7.99, "0:07"],
    [65, "1:05"],
    [754, "12:34"],
    [3599, "59:59"],
    [3600, "1:00:00"],
    [3723, "1:02:03"],
    [36_000, "10:00:00"],
    [-5, "0:00"],
  ])("%s s are written %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("numbers and times", () => {
  const en = new Format("en", "UTC");
  const ru = new Format("ru", "Europe/Moscow");

  it("write a share as a percentage, never rounded up to more than is true", () => {
    expect(en.percent(0.8)).toBe("80%");
    expect(ru.percent(0.8)).toBe("80\u00a0%");
    expect(en.percent(0.999)).toBe("99%");
    expect(en.percent(0.7999)).toBe("79%");
    expect(en.percent(0.29)).toBe("29%");
    expect(en.percent(1)).toBe("100%");
    expect(en.percent(0)).toBe("0%");
    expect(en.percent(0.004)).toBe("<1%");
    expect(ru.percent(0.004)).toBe("<1\u00a0%");
  });

  it("say nothing where nothing is known", () => {
    expect([en.percent(null), en.number(null), en.duration(null)]).toEqual([NOTHING, NOTHING, NOTHING]);
  });

  it("group digits as the language does", () => {
    expect(en.number(12_345)).toBe("12,345");
    expect(ru.number(12_345)).toBe("12\u00a0345");
    expect(ru.number(2.5)).toBe("2,5");
  });

  it("tell the time in 24 hours, in the zone asked for, midnight as 00", () => {
    expect(en.timeOfDay(AT)).toBe("14:39:50");
    expect(ru.timeOfDay(AT)).toBe("17:39:50");
    expect(en.timeOfDay(0)).toBe("00:00:00");
    expect(en.hourAndMinute(AT)).toBe("14:39");
  });

  it("do without a zone that the browser doesn't know", () => {
    expect(new Format("en", "Mars/Olympus").timeOfDay(AT)).toMatch(/^\d\d:\d\d:50$/);
  });

  it("sort names as people do", () => {
    expect(["Линия 10", "линия 2", "Анна"].sort(ru.compareNames)).toEqual(["Анна", "линия 2", "Линия 10"]);
  });
});

describe("plural forms", () => {
  const en = wordsOf("en", null).t.agents;
  const ru = wordsOf("ru", null).t.agents;
  it.each([
    [1, "1 agent", "1 оператор"],
    [2, "2 agents", "2 оператора"],
    [5, "5 agents", "5 операторов"],
    [11, "11 agents", "11 операторов"],
    [21, "21 agents", "21 оператор"],
    [24, "24 agents", "24 оператора"],
    [112, "112 agents", "112 операторов"],
    [0, "0 agents", "0 операторов"],
  ])("of %s", (count, english, russian) => {
    expect(en.count(count, String(count))).toBe(english);
    expect(ru.count(count, String(count))).toBe(russian);
  });
});

describe("the language", () => {
  it("is the first that we speak, else English", () => {
    expect(chooseLanguage(["de-DE", "ru-RU", "en"])).toBe("ru");
    expect(chooseLanguage(["EN-gb"])).toBe("en");
    expect(chooseLanguage(["de", "fr"])).toBe("en");
    expect(chooseLanguage([])).toBe("en");
  });
});
