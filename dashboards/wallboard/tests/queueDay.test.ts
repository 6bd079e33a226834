import { describe, expect, it } from "vitest";
import { wordsOf } from "../src/i18n/words";
import { countTicks, midnightOf, timeTicks } from "../src/queue/axis";
import { type Groups, groupsOf, type History, liven, type Point } from "../src/queue/history";
import { AGAIN, EVERY, Keeper, untilNext } from "../src/queue/keeper";
import { plotsOf, textOf } from "../src/queue/plots";
import { hoursOf, lastGaps, rangeOf, rollingLevel, stacked, unseen } from "../src/queue/series";
import { FakeTimers } from "./fakeWorld";
import { queue } from "./samples";

/** A midnight in UTC. */
const DAY = 1_795_392_000;
const STEP = 300;

const groups: Groups = { available: 2, busy: 5, paused: 1, offline: 0, unknown: 0 };

function point(index: number, change: Partial<Point> = {}): Point {
  return {
    start: DAY + index * STEP,
    waiting: 1,
    offered: 4,
    answered: 3,
    abandoned: 1,
    met: 2,
    of: 4,
    agents: groups,
    gap: false,
    ...change,
  };
}

function history(points: readonly Point[], change: Partial<History> = {}): History {
  return { queue: "pbx1/sales", at: DAY, day_start: DAY, step: STEP, points, gaps: [], ...change };
}

function figures(change: object) {
  return { ...queue("sales").today, ...change };
}

describe("the running step", () => {
  const level = queue("sales").today.service_level;
  const told = figures({ answered: 10, abandoned: 1, service_level: { ...level, met: 9, of: 11 } });
  const now = queue("sales", {
    waiting: 3,
    agents: { ...queue("x").agents, available: 1, talking: 2, wrap_up: 1, unknown: 1 },
    today: figures({ offered: 1, answered: 12, abandoned: 2, service_level: { ...level, met: 10, of: 14 } }),
  });
  const day = history([point(0), point(1)]);

  it("grows by what the feed has counted since the history was told", () => {
    const [first, last] = liven(day, told, now, DAY + 400);
    expect(first).toBe(day.points[0]);
    expect(last).toMatchObject({ waiting: 3, offered: 5, answered: 5, abandoned: 2, met: 3, of: 7 });
    expect(last?.agents).toEqual({ available: 1, busy: 3, paused: 0, offline: 0, unknown: 1 });
  });

  it("keeps the highest number that waited, and never shrinks when a new day begins", () => {
    const calm = { ...now, waiting: 0, today: figures({}) };
    expect(liven(day, told, calm, DAY + 400)[1]).toMatchObject({
      waiting: 1,
      answered: 3,
      abandoned: 1,
      of: 4,
    });
  });

  it("is left as it was told once it has ended", () => {
    expect(liven(day, told, now, DAY + 600)).toBe(day.points);
    expect(liven(history([]), told, now, DAY)).toEqual([]);
  });

  it("counts who rings, dials, talks, holds or wraps up as busy", () => {
    const agents = { ...queue("x").agents, ringing: 1, dialing: 1, talking: 1, on_hold: 1, wrap_up: 1 };
    expect(groupsOf(agents).busy).toBe(5);
  });
});

describe("the history", () => {
  function kept(answers: (History | null)[]) {
    const timers = new FakeTimers();
    const world = { seen: true, asked: [] as number[] };
    const keeper = new Keeper(
      {
        ask: () => {
          world.asked.push(timers.time / 1000);
          return Promise.resolve(
            answers.length > 1 ? (answers.shift() as History | null) : (answers[0] ?? null),
          );
        },
        figures: () => figures({ answered: 7 }),
        visible: () => world.seen,
      },
      timers,
    );
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        timers.pass(1000);
        await Promise.resolve();
        await Promise.resolve();
      }
    };
    return { keeper, world, pass };
  }

  it("is asked for a second after the step's end, else every minute", () => {
    expect(untilNext(history([point(0)], { at: DAY + 10 }))).toBe(EVERY);
    expect(untilNext(history([point(0)], { at: DAY + 280 }))).toBe(21);
    expect(untilNext(history([point(0)], { at: DAY + 400 }))).toBe(EVERY);
    expect(untilNext(history([], { at: DAY }))).toBe(1);
  });

  it("comes with the figures of that moment, and comes again", async () => {
    const first = history([point(0)], { at: DAY + 10 });
    const { keeper, world, pass } = kept([first]);
    await keeper.refresh();
    expect(keeper.state.value).toMatchObject({ history: first, failed: false, told: { answered: 7 } });
    await pass(EVERY * 2);
    expect(world.asked).toEqual([0, EVERY, EVERY * 2]);
  });

  it("stays when it can't be had anew; that is said and soon tried again", async () => {
    const first = history([point(0)], { at: DAY + 10 });
    const { keeper, world, pass } = kept([first, null, first]);
    await keeper.refresh();
    await pass(EVERY);
    expect(keeper.state.value).toMatchObject({ history: first, failed: true });
    await pass(AGAIN);
    expect(keeper.state.value.failed).toBe(false);
    expect(world.asked).toEqual([0, EVERY, EVERY + AGAIN]);
  });

  it("is not asked for while nobody can see it, nor after the page was left", async () => {
    const { keeper, world, pass } = kept([history([point(0)], { at: DAY + 10 })]);
    await keeper.refresh();
    world.seen = false;
    await pass(EVERY * 3);
    expect(world.asked).toEqual([0]);
    world.seen = true;
    await keeper.refresh();
    expect(world.asked).toHaveLength(2);
    keeper.stop();
    await pass(EVERY * 3);
    expect(world.asked).toHaveLength(2);
  });
});

describe("what the plots show", () => {
  it("is at least two hours, and not of another day", () => {
    const at = (...points: Point[]) => rangeOf(history(points));
    expect(at(point(100))).toEqual({ min: DAY + 101 * STEP - 7200, max: DAY + 101 * STEP });
    expect(at(point(0))).toEqual({ min: DAY, max: DAY + 7200 });
    expect(at(point(10), point(200))).toEqual({ min: DAY + 10 * STEP, max: DAY + 201 * STEP });
  });

  it("is striped where it was not seen, neighbours together", () => {
    const points = [0, 1, 2, 3, 4].map((index) =>
      point(index, { gap: index === 1 || index === 2 || index === 4 }),
    );
    expect(unseen(points, STEP)).toEqual([
      { min: DAY + STEP, max: DAY + 3 * STEP },
      { min: DAY + 4 * STEP, max: DAY + 5 * STEP },
    ]);
  });

  it("tells the service level over half an hour, and nothing without calls or sight", () => {
    const empty = { met: 0, of: 0 };
    expect(rollingLevel([point(0, empty), point(1, { met: 1, of: 4 }), point(2, { met: 3, of: 4 })])).toEqual(
      [null, 0.25, 0.5],
    );
    const after = Array.from({ length: 7 }, (_, index) => point(index, index === 0 ? {} : empty));
    expect(rollingLevel(after)[5]).toBe(0.5);
    expect(rollingLevel(after)[6]).toBeNull();
    expect(rollingLevel([point(0, { gap: true })])).toEqual([null]);
  });

  it("stands on one another", () => {
    expect(
      stacked([
        [1, null, 2],
        [1, 1, null],
      ]),
    ).toEqual([
      [1, null, 2],
      [2, null, null],
    ]);
  });

  it("is summed up by hours of the zone that is shown", () => {
    const half = DAY + 1800;
    const hours = hoursOf(
      [point(5), point(6, { waiting: 4 }), point(7), point(8, { waiting: null, gap: true })],
      half,
    );
    expect(hours).toMatchObject([
      { start: half - 3600, waiting: 1, offered: 4, level: 0.5, gap: false },
      { start: half, waiting: 4, offered: 12, answered: 9, abandoned: 3, level: 0.5, gap: true },
    ]);
  });

  it("names the last gaps and counts those before", () => {
    const gaps = [1, 2, 3].map((start) => ({ start, end: start }));
    expect(lastGaps(gaps, 2)).toEqual({ gaps: gaps.slice(1), more: 1 });
    expect(lastGaps(gaps, 3).more).toBe(0);
  });
});

describe("the axes", () => {
  it("carry round times, as many as have room", () => {
    const range = { min: DAY + 100, max: DAY + 8 * 3600 };
    expect(timeTicks(range, 9, DAY).map((at) => (at - DAY) / 3600)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(timeTicks(range, 7, DAY).map((at) => (at - DAY) / 3600)).toEqual([2, 4, 6, 8]);
    expect(timeTicks(range, 5, DAY + 1800)).toContain(DAY + 1800);
  });

  it("know midnight by the clock that is shown", () => {
    expect(midnightOf(DAY + 7 * 3600 + 42, "07:00")).toBe(DAY);
    expect(midnightOf(DAY, "05:30")).toBe(DAY - 5.5 * 3600);
  });

  it.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [4, [0, 1, 2, 3, 4]],
    [5, [0, 2, 4, 6]],
    [17, [0, 5, 10, 15, 20]],
    [900, [0, 500, 1000]],
  ])("count to %s", (highest, ticks) => {
    expect(countTicks(highest)).toEqual(ticks);
  });
});

describe("the plots", () => {
  const { t, format } = wordsOf("en", "UTC");
  const plots = (points: readonly Point[], now: number) =>
    plotsOf({ history: history(points), points, now, target: 0.8, t, format });

  it("put abandoned calls on top of answered ones, drawn first", () => {
    const calls = plots([point(0)], DAY + 60)[1];
    expect(calls?.data.series.map(({ name, values }) => [name, values[0]])).toEqual([
      ["abandoned", 4],
      ["answered", 3],
    ]);
  });

  it("let the running step last until now, not longer", () => {
    const [waiting, calls] = plots([point(0), point(1)], DAY + 400);
    expect(waiting?.data.starts).toEqual([DAY, DAY + STEP, DAY + 400]);
    expect(waiting?.data.series[0]?.values).toEqual([1, 1, 1]);
    expect(calls?.data.starts).toEqual([DAY, DAY + STEP, DAY + 2 * STEP]);
    expect(calls?.data.series[0]?.values).toEqual([4, 4, null]);
    expect(plots([point(0)], DAY + 9000)[0]?.data.starts).toEqual([DAY, DAY + STEP]);
  });

  it("say of whom nothing is known only if there is somebody", () => {
    const names = (points: readonly Point[]) => plots(points, DAY)[3]?.keys.map(({ name }) => name);
    expect(names([point(0)])).toEqual(["available", "busy", "paused"]);
    expect(names([point(0, { agents: { ...groups, unknown: 1 } })])).toContain("unknown");
  });

  it("say in numbers what the pointed step was, else the last one", () => {
    const key = plots([point(0, { waiting: 7 }), point(1, { waiting: null })], DAY)[0]?.keys[0];
    if (key === undefined) throw new Error("no key");
    expect(textOf(key, 0)).toBe("7");
    expect(textOf(key, null)).toBe("–");
    expect(textOf({ ...key, texts: ["7", "3"] }, 2)).toBe("3");
    expect(textOf({ ...key, texts: [] }, null)).toBe("–");
  });

  it("are empty but whole before the first step", () => {
    expect(plots([], DAY).map(({ data }) => data.starts.length)).toEqual([1, 1, 1, 1]);
  });
});
