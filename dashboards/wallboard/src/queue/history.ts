// A queue's day in steps: GET /api/v1/queues/{id}/history.

import type { Queue, QueueFigures } from "../feed/messages";

/** How many members are in each group of states. */
export interface Groups {
  readonly available: number;
  readonly busy: number;
  readonly paused: number;
  readonly offline: number;
  readonly unknown: number;
}

export interface Point {
  /** Unix seconds. */
  readonly start: number;
  /** The highest number at once; `null` if nothing of the step could be seen. */
  readonly waiting: number | null;
  readonly offered: number;
  readonly answered: number;
  readonly abandoned: number;
  /** The service level's numerator and denominator. */
  readonly met: number;
  readonly of: number;
  /** As the step began. */
  readonly agents: Groups | null;
  /** A part of the step, or all of it, could not be seen. */
  readonly gap: boolean;
}

export interface Gap {
  readonly start: number;
  /** `null`: it lasts. */
  readonly end: number | null;
}

export interface History {
  readonly queue: string;
  readonly at: number;
  readonly day_start: number;
  /** Seconds. */
  readonly step: number;
  /** Oldest first, the step that runs last. */
  readonly points: readonly Point[];
  readonly gaps: readonly Gap[];
}

export function groupsOf(agents: Queue["agents"]): Groups {
  const { available, ringing, dialing, talking, on_hold, wrap_up, paused, offline, unknown } = agents;
  return { available, busy: ringing + dialing + talking + on_hold + wrap_up, paused, offline, unknown };
}

/** The figures that the day's points add up. */
export type Counted = Pick<QueueFigures, "offered" | "answered" | "abandoned" | "service_level">;

/**
 * The points with the running step as the feed tells it. `told`: the day's figures as the history was told,
 * `now`: unix seconds; once the step has ended, what is newer belongs to another one, and the points stay as they are.
 */
export function liven(history: History, told: Counted, queue: Queue, now: number): readonly Point[] {
  const { points, step } = history;
  const last = points[points.length - 1];
  if (last === undefined || now >= last.start + step) return points;
  const { today } = queue;
  const more = (before: number, after: number): number => Math.max(0, after - before);
  const live: Point = {
    ...last,
    waiting: Math.max(last.waiting || 0, queue.waiting),
    offered: last.offered + more(told.offered, today.offered),
    answered: last.answered + more(told.answered, today.answered),
    abandoned: last.abandoned + more(told.abandoned, today.abandoned),
    met: last.met + more(told.service_level.met, today.service_level.met),
    of: last.of + more(told.service_level.of, today.service_level.of),
    agents: groupsOf(queue.agents),
  };
  return points.slice(0, -1).concat(live);
}

export async function fetchHistory(queue: string): Promise<History | null> {
  const given = new AbortController();
  const timer = window.setTimeout(() => given.abort(), 15_000);
  try {
    const id = encodeURIComponent(queue);
    const response = await fetch(`/api/v1/queues/${id}/history`, { cache: "no-cache", signal: given.signal });
    return response.ok ? ((await response.json()) as History) : null;
  } catch {
    return null;
  } finally {
    window.clearTimeout(timer);
  }
}
