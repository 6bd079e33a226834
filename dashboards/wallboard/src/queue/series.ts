// What the plots draw, computed from a queue's points.

import type { Gap, Groups, History, Point } from "./history";

/** Least stretch of time on the axis, s: a day that has just begun is not one wide bar. */
const LEAST = 7200;

/** Steps that the service level is told over: 5 minutes have too few calls. */
export const ROLLING = 6;

type Values = readonly (number | null)[];

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** From the first point to the end of the last step, both unix seconds. */
export function rangeOf({ points, step, day_start, at }: Omit<History, "gaps" | "queue">): Range {
  const first = points[0];
  const last = points[points.length - 1];
  const max = last === undefined ? at : last.start + step;
  const min = first === undefined ? day_start : first.start;
  return { min: Math.max(Math.min(min, max - LEAST), day_start), max: Math.max(max, day_start + LEAST) };
}

/** Steps that were not seen whole, neighbours together. */
export function unseen(points: readonly Point[], step: number): readonly Range[] {
  const found: Range[] = [];
  for (const point of points) {
    if (!point.gap) continue;
    const last = found[found.length - 1];
    const end = point.start + step;
    if (last !== undefined && last.max >= point.start) found[found.length - 1] = { min: last.min, max: end };
    else found.push({ min: point.start, max: end });
  }
  return found;
}

/** The service level in the `ROLLING` steps that end with each point; `null` where no call counts, or not all were seen. */
export function rollingLevel(points: readonly Point[]): Values {
  return points.map((point, index) => {
    if (point.gap) return null;
    let met = 0;
    let of = 0;
    for (const point of points.slice(Math.max(0, index + 1 - ROLLING), index + 1)) {
      met += point.met;
      of += point.of;
    }
    return of === 0 ? null : met / of;
  });
}

/** Each list on top of those before it. `null` where one of them isn't known. */
export function stacked(lists: readonly Values[]): readonly Values[] {
  let below: Values | null = null;
  return lists.map((list) => {
    const base = below;
    below = list.map((value, index) => {
      const under = base === null ? 0 : base[index];
      return value === null || under === null || under === undefined ? null : value + under;
    });
    return below;
  });
}

export const GROUPS = ["available", "busy", "paused", "unknown"] as const;

export function groupValues(points: readonly Point[], group: keyof Groups): Values {
  return points.map((point) => (point.agents === null ? null : point.agents[group]));
}

/** A row of the table that tells the day in words: an hour. */
export interface Hour {
  readonly start: number;
  readonly waiting: number | null;
  readonly offered: number;
  readonly answered: number;
  readonly abandoned: number;
  readonly level: number | null;
  readonly gap: boolean;
}

/** `base`: any full hour of the zone that is shown, unix seconds. */
export function hoursOf(points: readonly Point[], base: number): readonly Hour[] {
  const hours = new Map<number, Point>();
  for (const point of points) {
    const start = base + Math.floor((point.start - base) / 3600) * 3600;
    const sum = hours.get(start);
    hours.set(start, sum === undefined ? { ...point, start } : together(sum, point));
  }
  return Array.from(hours.values(), ({ met, of, agents: _, ...sum }) => ({
    ...sum,
    level: of === 0 ? null : met / of,
  }));
}

function together(a: Point, b: Point): Point {
  const waiting =
    a.waiting === null ? b.waiting : b.waiting === null ? a.waiting : Math.max(a.waiting, b.waiting);
  return {
    start: a.start,
    waiting,
    offered: a.offered + b.offered,
    answered: a.answered + b.answered,
    abandoned: a.abandoned + b.abandoned,
    met: a.met + b.met,
    of: a.of + b.of,
    agents: null,
    gap: a.gap || b.gap,
  };
}

/** The last gaps, oldest first, and how many there were before them. */
export function lastGaps(
  gaps: readonly Gap[],
  most: number,
): { readonly gaps: readonly Gap[]; readonly more: number } {
  return { gaps: gaps.slice(-most), more: Math.max(0, gaps.length - most) };
}
