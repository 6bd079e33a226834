import { describe, expect, it } from "vitest";
import { aboutOf, markOf } from "../src/agents/about";
import { countStates, selectAgents, sortAgents } from "../src/agents/select";
import { wordsOf } from "../src/i18n/words";
import { isWanted, localName, selectQueues } from "../src/queues/select";
import { AT, agent, memberOf, queue } from "./samples";

const { t, format } = wordsOf("en", null);
const names = (found: readonly { name: string }[]) => found.map((one) => one.name);

describe("queues", () => {
  it("are meant by id, by the id's name or by the name shown, in any case", () => {
    const sales = { id: "pbx1/sales", name: "Продажи" };
    for (const text of ["pbx1/sales", "sales", "SALES", "продажи"])
      expect(isWanted(sales, [text])).toBe(true);
    for (const text of ["pbx2/sales", "sale", "pbx1"]) expect(isWanted(sales, [text])).toBe(false);
    expect(isWanted(sales, [])).toBe(true);
  });

  it("stand in the order of their names", () => {
    const queues = [queue("line 10"), queue("line 2"), queue("alpha")];
    expect(names(selectQueues(queues, [], format.compareNames))).toEqual(["alpha", "line 2", "line 10"]);
    expect(names(selectQueues(queues, ["alpha", "line 10"], format.compareNames))).toEqual([
      "alpha",
      "line 10",
    ]);
  });

  it("have a name in their id, slashes included", () => {
    expect(localName("pbx1/a/b")).toBe("a/b");
  });
});

describe("agents", () => {
  const all = [
    agent("Clara", { state: "paused", since: AT + 1, team: "North", ...memberOf("pbx1/sales") }),
    agent("Anna", {
      state: "available",
      since: AT + 3,
      team: "South",
      ...memberOf("pbx1/sales", "pbx1/vip"),
    }),
    agent("Boris", { state: "available", since: AT + 2 }),
  ];
  const queues = [queue("sales"), queue("vip", { name: "Very important" })];
  const none = { queues: [], teams: [], states: [] };

  it("are chosen by queue, team and state, and by all of these together", () => {
    const chosen = (change: object) => names(selectAgents(all, queues, { ...none, ...change }));
    expect(chosen({})).toEqual(["Clara", "Anna", "Boris"]);
    expect(chosen({ queues: ["sales"] })).toEqual(["Clara", "Anna"]);
    expect(chosen({ queues: ["very important"] })).toEqual(["Anna"]);
    expect(chosen({ queues: ["none"] })).toEqual([]);
    expect(chosen({ teams: ["north"] })).toEqual(["Clara"]);
    expect(chosen({ states: ["available"] })).toEqual(["Anna", "Boris"]);
    expect(chosen({ queues: ["sales"], states: ["available"] })).toEqual(["Anna"]);
  });

  it("are sorted by state and time in it, by time, or by name", () => {
    expect(names(sortAgents(all, "state", format.compareNames))).toEqual(["Boris", "Anna", "Clara"]);
    expect(names(sortAgents(all, "time", format.compareNames))).toEqual(["Clara", "Boris", "Anna"]);
    expect(names(sortAgents(all, "name", format.compareNames))).toEqual(["Anna", "Boris", "Clara"]);
    expect(names(all)).toEqual(["Clara", "Anna", "Boris"]);
  });

  it("are counted by state", () => {
    expect(countStates(all)).toMatchObject({ available: 2, paused: 1, talking: 0, unknown: 0 });
  });
});

describe("what is said of an agent", () => {
  const call = {
    id: "1",
    direction: "inbound_queue",
    queue: "pbx1/sales",
    party: "+7495*****67",
    started: AT,
    answered: AT,
    held_since: null,
  } as const;
  const about = (change: Parameters<typeof agent>[1]) => aboutOf(agent("Anna", change), t, localName);

  it("is the queue and the other side, else the kind of call", () => {
    expect(about({ state: "talking", call })).toEqual({
      direction: "inbound_queue",
      text: "sales",
      party: "+7495*****67",
    });
    expect(about({ state: "talking", call: { ...call, queue: null, direction: "outbound" } })).toEqual({
      direction: "outbound",
      text: "outbound",
      party: "+7495*****67",
    });
    expect(about({ state: "talking", call: { ...call, party: null } }).party).toBe("");
  });

  it("is the reason of a pause, and the state before the source was lost", () => {
    expect(about({ state: "paused", reason: "lunch" }).text).toBe("lunch");
    expect(about({ state: "paused" }).text).toBe("");
    expect(about({ state: "unknown", last_state: "talking" }).text).toBe("was: talking");
    expect(about({})).toEqual({ direction: null, text: "", party: "" });
  });

  it("is marked where a pause hides behind another state, but not beside it", () => {
    const paused = { paused: true, reason: "lunch", since: AT };
    expect(markOf(agent("Anna", { state: "talking", presence: paused }), t)).toBe("Paused: lunch");
    expect(markOf(agent("Anna", { state: "talking", presence: { ...paused, reason: null } }), t)).toBe(
      "Paused",
    );
    expect(markOf(agent("Anna", { state: "paused", presence: paused }), t)).toBe("");
    expect(markOf(agent("Anna", { do_not_disturb: true }), t)).toBe("Do not disturb");
    expect(markOf(agent("Anna"), t)).toBe("");
  });
});
