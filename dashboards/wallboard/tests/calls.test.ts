import { describe, expect, it } from "vitest";
import { waitingGrid } from "../src/calls/layout";
import { selectWaiting } from "../src/calls/select";
import type { Call } from "../src/feed/messages";
import { AT, queue } from "./samples";

function call(id: string, change: Partial<Call> = {}): Call {
  return {
    id: `pbx1/${id}`,
    source: "pbx1",
    queue: "pbx1/sales",
    direction: "inbound_queue",
    state: "waiting",
    party: null,
    agent: null,
    started: AT,
    queued_at: AT,
    answered_at: null,
    position: 1,
    ...change,
  };
}

describe("callers waiting", () => {
  const queues = new Map([["pbx1/sales", queue("sales", { name: "Продажи" })]]);
  const find = (id: string) => queues.get(id);
  const ids = (calls: readonly Call[], wanted: string[] = []) =>
    selectWaiting(calls, find, wanted).map(({ id }) => id.slice(5));

  it("stand in the order in which they came, whichever queue it is", () => {
    const calls = [
      call("c", { queued_at: AT + 3 }),
      call("b", { queued_at: AT + 1, queue: "pbx1/vip" }),
      call("a", { queued_at: AT + 1 }),
    ];
    expect(ids(calls)).toEqual(["a", "b", "c"]);
  });

  it("are those alone who wait in a queue", () => {
    const others: Call[] = [
      call("ringing", { state: "ringing" }),
      call("talking", { state: "talking" }),
      call("outbound", { queue: null }),
      call("never", { queued_at: null }),
    ];
    expect(ids([...others, call("a")])).toEqual(["a"]);
  });

  it("are chosen by their queue, also while nothing else is known of it", () => {
    const calls = [call("a"), call("b", { queue: "pbx1/new" })];
    expect(ids(calls, ["продажи"])).toEqual(["a"]);
    expect(ids(calls, ["new"])).toEqual(["b"]);
    expect(ids(calls, ["vip"])).toEqual([]);
  });
});

describe("the rows of those who wait", () => {
  const TV = { width: 1880, height: 930 };

  it("keep their size while a few come and go", () => {
    for (const counts of [
      [1, 2, 3, 4, 5, 6],
      [9, 10],
      [13, 14, 15, 16],
      [33, 36, 40],
    ]) {
      expect(new Set(counts.map((count) => waitingGrid(count, TV).unit)).size).toBe(1);
    }
  });

  it("are big for a few, and fit without scrolling for 60", () => {
    expect(waitingGrid(6, TV).unit).toBeGreaterThanOrEqual(40);
    expect(waitingGrid(60, TV)).toMatchObject({ density: "line", scrolls: false });
  });

  it("have two lines on a phone, and room for none that isn't there", () => {
    const grid = waitingGrid(7, { width: 366, height: 640 });
    expect(grid).toMatchObject({ density: "stacked", columns: 1 });
    expect(waitingGrid(90, { width: 366, height: 640 })).toMatchObject({ rows: 90, scrolls: true });
  });
});
