import { describe, expect, it } from "vitest";
import {
  chosenQueue,
  chosenTeam,
  isFiltered,
  NO_FILTERS,
  queueOptions,
  teamOptions,
  toggled,
} from "../src/agents/filters";
import { AGENT_STATES } from "../src/feed/messages";
import { wordsOf } from "../src/i18n/words";

const { compareNames } = wordsOf("en", null).format;

describe("the controls of the agents' view", () => {
  const queues = [
    { id: "pbx1/sales", name: "Sales" },
    { id: "pbx2/sales", name: "Sales South" },
    { id: "pbx1/help", name: "Help" },
  ];
  const options = queueOptions(queues, compareNames);

  it("offer queues by their short names, by ids where these are not theirs alone", () => {
    expect(options).toEqual([
      { value: "help", text: "Help" },
      { value: "pbx1/sales", text: "Sales (pbx1/sales)" },
      { value: "pbx2/sales", text: "Sales South (pbx2/sales)" },
    ]);
  });

  it("show the queue that the address means in its own way", () => {
    const chosen = (...wanted: string[]) => chosenQueue(wanted, queues, options);
    expect(chosen()).toBe("");
    expect(chosen("HELP")).toBe("help");
    expect(chosen("pbx1/help")).toBe("help");
    expect(chosen("sales south")).toBe("pbx2/sales");
    expect(chosen("pbx1/sales")).toBe("pbx1/sales");
    expect(chosen("sales")).toBeNull(); // two are meant
    expect(chosen("help", "pbx1/sales")).toBeNull();
    expect(chosen("none")).toBeNull();
  });

  it("offer each team once, in order, and show the chosen one", () => {
    const teams = teamOptions(["South", null, "North", "South", ""], compareNames);
    expect(teams.map(({ value }) => value)).toEqual(["North", "South"]);
    expect(chosenTeam([], teams)).toBe("");
    expect(chosenTeam(["north"], teams)).toBe("North");
    expect(chosenTeam(["West"], teams)).toBeNull();
    expect(chosenTeam(["North", "South"], teams)).toBeNull();
  });

  it("add a state and take it away; all states are as good as none", () => {
    expect(toggled([], "paused")).toEqual(["paused"]);
    expect(toggled(["paused"], "available")).toEqual(["available", "paused"]);
    expect(toggled(["available", "paused"], "paused")).toEqual(["available"]);
    const allButOne = AGENT_STATES.filter((state) => state !== "unknown");
    expect(toggled(allButOne, "unknown")).toEqual([]);
  });

  it("can be reset when any filter is set", () => {
    expect(isFiltered(NO_FILTERS)).toBe(false);
    expect(isFiltered({ ...NO_FILTERS, queues: ["sales"] })).toBe(true);
    expect(isFiltered({ ...NO_FILTERS, teams: ["North"] })).toBe(true);
    expect(isFiltered({ ...NO_FILTERS, states: ["paused"] })).toBe(true);
  });
});
