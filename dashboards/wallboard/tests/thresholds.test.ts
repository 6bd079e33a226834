import { describe, expect, it } from "vitest";
import { judge } from "../src/queues/judge";
import { DEFAULTS, limitsOf, settingsFrom } from "../src/settings";
import { DEFAULT_LIMITS, DEFAULT_STATE_LIMITS, levelOf, levelOfState, worst } from "../src/thresholds";
import { AT, queue } from "./samples";

describe("levels", () => {
  it.each([
    [0, "ok"],
    [2, "ok"],
    [3, "warning"],
    [5, "warning"],
    [6, "critical"],
    [60, "critical"],
  ])("%s waiting are %s", (waiting, level) => {
    expect(levelOf("waiting", waiting, { warning: 3, critical: 6 })).toBe(level);
  });

  it.each([
    [1, "ok"],
    [0.8, "ok"],
    [0.79, "warning"],
    [0.7, "warning"],
    [0.69, "critical"],
    [0, "critical"],
  ])("a service level of %s is %s", (value, level) => {
    expect(levelOf("service_level", value, { warning: 0.8, critical: 0.7 })).toBe(level);
  });

  it("say nothing of what is unknown or has no limit", () => {
    expect(levelOf("service_level", null, { warning: 0.8, critical: 0.7 })).toBe("ok");
    expect(levelOf("waiting", 99, { warning: null, critical: null })).toBe("ok");
    expect(levelOf("waiting", 99, { warning: 3, critical: null })).toBe("warning");
  });

  it("are as bad as the worst of them", () => {
    expect(worst(["ok", "critical", "warning"])).toBe("critical");
    expect(worst(["warning", "ok"])).toBe("warning");
    expect(worst([])).toBe("ok");
  });

  it("of a state depend on how long it has lasted", () => {
    expect(levelOfState("ringing", 19, DEFAULT_STATE_LIMITS)).toBe("ok");
    expect(levelOfState("ringing", 20, DEFAULT_STATE_LIMITS)).toBe("warning");
    expect(levelOfState("ringing", 40, DEFAULT_STATE_LIMITS)).toBe("critical");
    expect(levelOfState("paused", 9_999, DEFAULT_STATE_LIMITS)).toBe("ok");
    expect(levelOfState("offline", 9_999, DEFAULT_STATE_LIMITS)).toBe("ok");
  });

  it("of a queue: waiting, the longest wait up to now, service level, abandoned", () => {
    const limits = { ...DEFAULT_LIMITS, service_level: { warning: 0.8, critical: 0.7 } };
    const base = queue("sales");
    const bad = queue("sales", {
      waiting: 3,
      longest_wait_since: AT - 40,
      today: {
        ...base.today,
        abandonment_rate: 0.05,
        service_level: { ...base.today.service_level, value: 0.6 },
      },
    });
    expect(judge(base, limits, AT)).toEqual({
      waiting: "ok",
      longest: "ok",
      serviceLevel: "ok",
      abandoned: "ok",
    });
    expect(judge(bad, limits, AT)).toEqual({
      waiting: "warning",
      longest: "critical",
      serviceLevel: "critical",
      abandoned: "warning",
    });
    expect(judge(bad, limits, AT - 30).longest).toBe("ok");
    expect(judge(bad, limits, null).longest).toBe("ok");
  });
});

describe("the settings", () => {
  it("are the defaults until the service tells its own", () => {
    for (const nothing of [null, 7, "", [], {}, { thresholds: 1, queues: [], title: "" }]) {
      expect(settingsFrom(nothing)).toEqual(DEFAULTS);
    }
  });

  it("take what is said, and keep the default of the rest", () => {
    const settings = settingsFrom({
      title: "Room 1",
      timezone: "Europe/Moscow",
      thresholds: {
        waiting: { warning: 10, critical: null },
        longest_wait: { warning: "soon" },
        time_in_state: { paused: { warning: 600, critical: 900 } },
      },
      queues: { "pbx1/sales": { waiting: { warning: 1 } } },
    });
    expect(settings.title).toBe("Room 1");
    expect(settings.timezone).toBe("Europe/Moscow");
    expect(settings.limits.waiting).toEqual({ warning: 10, critical: null });
    expect(settings.limits.longest_wait).toEqual(DEFAULT_LIMITS.longest_wait);
    expect(settings.states.paused).toEqual({ warning: 600, critical: 900 });
    expect(settings.states.ringing).toEqual(DEFAULT_STATE_LIMITS.ringing);
    expect(limitsOf(settings, "pbx1/sales").waiting).toEqual({ warning: 1, critical: null });
    expect(limitsOf(settings, "pbx1/other")).toBe(settings.limits);
  });
});
