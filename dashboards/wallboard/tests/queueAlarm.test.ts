import { describe, expect, it } from "vitest";
import type { Call, Queue } from "../src/feed/messages";
import { callersOf, membersOf } from "../src/queue/select";
import { alarmOf, judge } from "../src/queues/judge";
import { queueGrid } from "../src/queues/layout";
import { DEFAULT_LIMITS } from "../src/thresholds";
import { AT, agent, memberOf, queue } from "./samples";

const none = queue("x").agents;

describe("customers are being lost", () => {
  const alarm = (change: Partial<Queue>, agents: Partial<Queue["agents"]>) => {
    const one = queue("sales", { longest_wait_since: AT - 5, ...change, agents: { ...none, ...agents } });
    return alarmOf(one, judge(one, DEFAULT_LIMITS, AT));
  };

  it("when somebody waits and nobody is signed on, or nobody is free", () => {
    expect(alarm({ waiting: 1 }, { offline: 3, paused: 2 })).toBe("absent");
    expect(alarm({ waiting: 1, longest_wait_since: AT - 20 }, { talking: 3 })).toBe("busy");
    expect(alarm({ waiting: 3 }, { talking: 3 })).toBe("busy");
    expect(alarm({ waiting: 1 }, { talking: 3, available: 1 })).toBeNull();
    expect(alarm({ waiting: 0, longest_wait_since: null }, { offline: 3 })).toBeNull();
  });

  it("not while their phones ring for all who wait", () => {
    expect(alarm({ waiting: 2 }, { ringing: 2, talking: 1 })).toBeNull();
    expect(alarm({ waiting: 3 }, { ringing: 3, talking: 1 })).toBeNull();
    expect(alarm({ waiting: 3 }, { ringing: 2, talking: 1 })).toBe("busy");
  });

  it("not when somebody has only begun to wait for the next who is free", () => {
    expect(alarm({ waiting: 1 }, { talking: 3 })).toBeNull();
    expect(alarm({ waiting: 2, longest_wait_since: AT - 19 }, { talking: 3 })).toBeNull();
  });

  it("not because of agents who can't be seen", () => {
    expect(alarm({ waiting: 1 }, { unknown: 3 })).toBeNull();
  });

  it("when they wait too long, or are too many", () => {
    expect(alarm({ waiting: 1, longest_wait_since: AT - 40 }, { available: 1 })).toBe("slow");
    expect(alarm({ waiting: 1, longest_wait_since: AT - 40 }, { talking: 1 })).toBe("slow");
    expect(alarm({ waiting: 6 }, { available: 1 })).toBe("crowd");
    expect(alarm({ waiting: 5 }, { available: 1 })).toBeNull();
  });
});

describe("a queue's people", () => {
  it("are its members, and those who wait in it in their order", () => {
    const agents = [agent("Anna", memberOf("pbx1/sales", "pbx1/vip")), agent("Boris", memberOf("pbx1/vip"))];
    expect(membersOf(agents, "pbx1/sales").map(({ name }) => name)).toEqual(["Anna"]);
    const call = (id: string, change: Partial<Call>): Call => ({
      id,
      source: "pbx1",
      queue: "pbx1/sales",
      direction: "inbound_queue",
      state: "waiting",
      party: null,
      agent: null,
      started: AT,
      queued_at: AT,
      answered_at: null,
      position: null,
      ...change,
    });
    const calls = [
      call("late", { queued_at: AT + 5 }),
      call("early", {}),
      call("second", { position: 2 }),
      call("first", { position: 1 }),
      call("connecting", { state: "ringing" }),
      call("talks", { state: "talking", answered_at: AT }),
      call("elsewhere", { queue: "pbx1/vip" }),
      call("direct", { queued_at: null }),
    ];
    expect(callersOf(calls, "pbx1/sales").map(({ id }) => id)).toEqual(["first", "second", "early", "late"]);
  });
});

describe("the cards", () => {
  it("say everything while that can be read, and are a short list on a phone", () => {
    const room = { width: 1880, height: 990 };
    expect(queueGrid(6, room).density).toBe("full");
    expect(queueGrid(30, room)).toMatchObject({ density: "compact", scrolls: false });
    expect(queueGrid(30, room).unit).toBeGreaterThanOrEqual(14);
    expect(queueGrid(20, { width: 1338, height: 700 }).scrolls).toBe(false);
    expect(queueGrid(2, { width: 366, height: 700 })).toMatchObject({ density: "compact", columns: 1 });
    expect(queueGrid(1, { width: 600, height: 700 }).density).toBe("compact");
  });
});
