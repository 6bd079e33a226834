import { describe, expect, it } from "vitest";
import { axisOf, midnightBefore } from "../src/agent/axis";
import {
  type Day,
  dayBegins,
  type Span,
  spanAt,
  spanNear,
  spansNow,
  totalOf,
  withGaps,
} from "../src/agent/day";
import { barOf, LANES, laneOf, pathsOf } from "../src/agent/lanes";
import { ruleOf } from "../src/agent/why";
import { spanAbout, spanSentence } from "../src/agent/words";
import { AGENT_STATES, type AgentState } from "../src/feed/messages";
import { wordsOf } from "../src/i18n/words";
import { localName } from "../src/queues/select";
import { agent } from "./samples";

const HOUR = 3600;

function span(state: AgentState, start: number, end: number | null, change: Partial<Span> = {}): Span {
  return { state, start, end, reason: null, queue: null, direction: null, ...change };
}

describe("the spans of a day", () => {
  const spans = [span("offline", 100, 200), span("available", 200, 300), span("talking", 300, null)];

  it("go on with what the feed has told since", () => {
    expect(spansNow(spans, agent("Anna", { state: "talking", since: 300 }))).toBe(spans);
    const paused = spansNow(spans, agent("Anna", { state: "paused", since: 350, reason: "lunch" }));
    expect(paused.slice(2)).toEqual([
      span("talking", 300, 350),
      span("paused", 350, null, { reason: "lunch" }),
    ]);
  });

  it("go on after a stretch in which the agent was gone", () => {
    const gone = [span("talking", 300, 320)];
    expect(spansNow(gone, agent("Anna", { state: "available", since: 350 }))).toEqual([
      span("talking", 300, 320),
      span("available", 350, null),
    ]);
  });

  it("have gaps where nothing is known: before the first, between two, after the last", () => {
    const known = [span("available", 100, 200), span("talking", 250, 300)];
    expect(withGaps(known, 50)).toEqual([
      span("unknown", 50, 100, { gap: true }),
      span("available", 100, 200),
      span("unknown", 200, 250, { gap: true }),
      span("talking", 250, 300),
      span("unknown", 300, null, { gap: true }),
    ]);
    expect(withGaps(spans, 100)).toEqual(spans);
    expect(withGaps([], 100)).toEqual([]);
  });

  it("begin to be worth looking at when the agent comes", () => {
    expect(dayBegins(spans, 0)).toBe(200);
    expect(dayBegins([span("offline", 100, null)], 0)).toBe(100);
    expect(dayBegins([], 70)).toBe(70);
  });

  it("are found by time, and near a bar of the lane that is pointed at", () => {
    expect(spanAt(spans, 99)).toBe(-1);
    expect(spanAt(spans, 200)).toBe(1);
    expect(spanAt(spans, 9_999)).toBe(2);
    expect(spanNear(spans, 310, ["available"], 20)).toBe(1);
    expect(spanNear(spans, 350, ["available"], 20)).toBe(2);
    expect(spanNear(spans, 350, ["talking", "on_hold"], 20)).toBe(2);
  });
});

describe("the time in a state today", () => {
  const then = agent("Anna", { state: "talking", since: 900 });
  const day: Day = {
    agent: { ...then, today: { ...then.today, talk_seconds: 400, paused_seconds: 60 } },
    timeline: { at: 1000, day_start: 0, spans: [], dropped: 0 },
  };

  it("runs on in the running state alone", () => {
    expect(totalOf("talking", day, then)).toEqual({
      state: "talking",
      seconds: 400,
      since: 600,
      until: null,
    });
    expect(totalOf("paused", day, then)).toEqual({ state: "paused", seconds: 60, since: null, until: null });
  });

  it("stands still from when the feed tells of another state, and never goes back", () => {
    const now = agent("Anna", { state: "wrap_up", since: 1010 });
    expect(totalOf("talking", day, now)).toMatchObject({ since: 600, until: 1010 });
  });
});

describe("the axis", () => {
  const midnight = 24 * HOUR;

  it("reaches from full step to full step, with no more of them than there is room for", () => {
    const { from, to, step, ticks } = axisOf(midnight + 9.2 * HOUR, midnight + 17.5 * HOUR, midnight, 12);
    expect([from, to, step]).toEqual([midnight + 9 * HOUR, midnight + 18 * HOUR, HOUR]);
    expect(ticks).toHaveLength(10);
    expect(axisOf(midnight + 9.2 * HOUR, midnight + 17.5 * HOUR, midnight, 4).step).toBe(3 * HOUR);
  });

  it("stays the same until a step is full", () => {
    const axis = (now: number) => axisOf(midnight + 9 * HOUR, now, midnight, 12);
    expect(axis(midnight + 9 * HOUR + 61)).toEqual(axis(midnight + 9 * HOUR + 119));
    expect(axis(midnight + 9 * HOUR + 60).to).toBe(midnight + 9 * HOUR + 120);
  });

  it("counts its steps from midnight of the zone that is shown", () => {
    expect(midnightBefore(midnight + 1800, "00:30:00")).toBe(midnight);
    expect(midnightBefore(midnight + 6 * HOUR, "06:00:00")).toBe(midnight);
  });

  it("is something at the very beginning of a day, and with no room at all", () => {
    expect(axisOf(midnight, midnight, midnight, 0)).toMatchObject({ from: midnight, to: midnight + 60 });
    expect(axisOf(midnight, midnight + 25 * HOUR, midnight, 0).ticks.length).toBeLessThan(6);
  });
});

describe("the lanes", () => {
  const axis = { from: 0, to: 1000, step: 100, ticks: [] };
  const box = { width: 100, height: 60 };

  it("have a place for each state", () => {
    expect(AGENT_STATES.filter((state) => laneOf(state) < 0)).toEqual([]);
    expect(LANES.every((states) => states.length <= 2)).toBe(true);
  });

  it("draw a bar from start to end, and a short one so that it is seen", () => {
    expect(barOf(span("available", 100, 300), 900, axis, box)).toMatchObject({ x: 10, width: 20 });
    expect(barOf(span("available", 100, null), 400, axis, box)).toMatchObject({ x: 10, width: 30 });
    expect(barOf(span("ringing", 100, 101), 900, axis, box)).toMatchObject({ x: 10, width: 1.5 });
    expect(barOf(span("offline", -500, 100), 900, axis, box)).toMatchObject({ x: 0, width: 10 });
  });

  it("draw what ended in one path per state, bars that touch as one, nothing outside", () => {
    const paths = pathsOf(
      [
        span("offline", -300, -100),
        span("available", 100, 200),
        span("ringing", 200, 201),
        span("available", 201, 300),
        span("available", 500, 600),
        span("talking", 600, null),
      ],
      axis,
      box,
    );
    expect(Array.from(paths.keys()).sort()).toEqual(["available", "ringing"]);
    const path = paths.get("available") || "";
    expect(path.split("M")).toHaveLength(3);
    expect(path).toContain("M10 ");
    expect(path).toContain("M50 ");
  });

  it("need no more than a bar per px for thousands of spans", () => {
    const spans = Array.from({ length: 5000 }, (_, index) => span("ringing", index / 5, index / 5 + 0.1));
    const path = pathsOf(spans, axis, box).get("ringing") || "";
    expect(path.split("M").length).toBeLessThan(100);
  });
});

describe("a span in words", () => {
  const { t, format } = wordsOf("en", "UTC");

  it("tells the reason, or the queue, or the kind of call", () => {
    const about = (change: Partial<Span>) => spanAbout(span("talking", 0, 1, change), t, localName);
    expect(about({ reason: "lunch" })).toBe("lunch");
    expect(about({ queue: "pbx1/sales", direction: "inbound_queue" })).toBe("sales");
    expect(about({ direction: "outbound" })).toBe("outbound");
    expect(about({ queue: "pbx1/sales", direction: "outbound" })).toBe("sales, outbound");
    expect(about({})).toBe("");
  });

  it("tells state, period and length", () => {
    expect(spanSentence(span("paused", 60, 125, { reason: "lunch" }), 900, t, format, localName)).toBe(
      "Paused, lunch, 00:01:00 – 00:02:05, 1:05",
    );
    expect(spanSentence(span("unknown", 60, null, { gap: true }), 70, t, format, localName)).toBe(
      "No data, 00:01:00 – now, 0:10",
    );
  });
});

describe("why", () => {
  it("knows the server's rules, and that there may be others", () => {
    expect(ruleOf("leg_answered")).toBe("leg_answered");
    expect(ruleOf("of_tomorrow")).toBeNull();
  });
});
