// When a figure is worth a look, and when somebody must act.

import type { AgentState } from "./feed/messages";

export type Level = "ok" | "warning" | "critical";

export interface Limit {
  /** `null`: never. */
  readonly warning: number | null;
  readonly critical: number | null;
}

/** What of a queue is judged: callers, seconds, and shares of 1. */
export const MEASURES = ["waiting", "longest_wait", "service_level", "abandoned"] as const;
export type Measure = (typeof MEASURES)[number];
export type Limits = Readonly<Record<Measure, Limit>>;

/** How long an agent may be in a state, s; of others nothing is said. */
export const TIMED_STATES = ["talking", "on_hold", "wrap_up", "paused", "ringing"] as const;
export type StateLimits = Readonly<Record<(typeof TIMED_STATES)[number], Limit>>;

/** Of these a small value is the bad one. */
const LOW_IS_BAD: ReadonlySet<Measure> = new Set<Measure>(["service_level"]);

const NEVER: Limit = { warning: null, critical: null };

export const DEFAULT_LIMITS: Limits = {
  waiting: { warning: 3, critical: 6 },
  longest_wait: { warning: 20, critical: 40 },
  service_level: NEVER,
  abandoned: { warning: 0.05, critical: 0.1 },
};

export const DEFAULT_STATE_LIMITS: StateLimits = {
  talking: NEVER,
  on_hold: { warning: 120, critical: 300 },
  wrap_up: { warning: 120, critical: 300 },
  paused: NEVER,
  ringing: { warning: 20, critical: 40 },
};

/** How long this has lasted is worth a look, or too long. */
export function levelOfState(state: AgentState, seconds: number, limits: StateLimits): Level {
  const timed = TIMED_STATES.find((candidate) => candidate === state);
  if (timed === undefined) return "ok";
  const { warning, critical } = limits[timed];
  if (critical !== null && seconds >= critical) return "critical";
  return warning !== null && seconds >= warning ? "warning" : "ok";
}

/** A limit that is reached counts; of a low-is-bad measure, one that is fallen short of. `null` says nothing: ok. */
export function levelOf(measure: Measure, value: number | null, limit: Limit): Level {
  if (value === null) return "ok";
  const bad = (at: number | null): boolean =>
    at !== null && (LOW_IS_BAD.has(measure) ? value < at : value >= at);
  if (bad(limit.critical)) return "critical";
  return bad(limit.warning) ? "warning" : "ok";
}

const ORDER: readonly Level[] = ["ok", "warning", "critical"];

/** The worst of some levels. */
export function worst(levels: readonly Level[]): Level {
  return levels.reduce<Level>((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), "ok");
}
