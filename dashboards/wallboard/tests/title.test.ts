import { signal } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import { parse } from "../src/address";
import { Picture } from "../src/feed/picture";
import type { Language } from "../src/i18n/format";
import { wordsOf } from "../src/i18n/words";
import { DEFAULTS } from "../src/settings";
import { titleOf } from "../src/shell/title";
import { agent, queue } from "./samples";

describe("the browser's tab", () => {
  const title = (search: string, language: Language = "en", own: string | null = null) => {
    const { tables } = new Picture();
    tables.queues.apply([queue("sales", { name: "Sales" })], [], true);
    tables.agents.apply([agent("Anna")], [], true);
    const address = signal(parse(search).address);
    return titleOf({
      live: { tables } as never,
      navigation: { address } as never,
      settings: signal({ ...DEFAULTS, title: own }),
      words: signal(wordsOf(language, null)),
    });
  };

  it("says the view in each language, and whose wallboard it is", () => {
    expect(title("")).toBe("Overview · Operator Monitor");
    expect(title("?view=waiting", "ru")).toBe("Ожидание · Монитор операторов");
    expect(title("?view=agents", "en", "Night shift")).toBe("Agents · Night shift");
  });

  it("says the agent's or queue's name, and what was asked for if there is none", () => {
    expect(title(`?agent=${agent("Anna").id}`)).toBe("Anna · Operator Monitor");
    expect(title(`?queue=${queue("sales").id}`)).toBe("Sales · Operator Monitor");
    expect(title("?queue=pbx1/gone")).toBe("pbx1/gone · Operator Monitor");
  });

  it("does not change with each picture of TV mode", () => {
    expect(title("?tv&view=agents")).toBe("Operator Monitor");
  });
});
