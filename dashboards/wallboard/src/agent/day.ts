// An agent's day: GET /api/v1/agents/{id} and its /timeline, and what the feed has told since.

import type { Agent, AgentState, Direction } from "../feed/messages";

export interface Span {
  readonly state: AgentState;
  readonly start: number;
  /** `null` for the one that runs. */
  readonly end: number | null;
  /** Of a pause. */
  readonly reason: string | null;
  /** Of the call. */
  readonly queue: string | null;
  readonly direction: Direction | null;
  /** Nothing is known of this stretch, not even that it is unknown. */
  readonly gap?: true;
}

export interface Timeline {
  readonly at: number;
  readonly day_start: number;
  readonly spans: readonly Span[];
  /** Oldest spans of the day that are no longer kept. */
  readonly dropped: number;
}

export interface Day {
  readonly timeline: Timeline;
  /** The agent as it was at `timeline.at`, for the times up to then. */
  readonly agent: Agent;
}

/** Two times are the same moment if less than this lies between, s. */
const MOMENT = 0.001;

/** The spans up to now: the feed knows of a new state before the timeline is asked for again. */
export function spansNow(spans: readonly Span[], agent: Agent): readonly Span[] {
  const last = spans[spans.length - 1];
  if (last === undefined || agent.since <= last.start + MOMENT) return spans;
  const next: Span = {
    state: agent.state,
    start: agent.since,
    end: null,
    reason: agent.reason,
    queue: agent.call === null ? null : agent.call.queue,
    direction: agent.call === null ? null : agent.call.direction,
  };
  if (last.end !== null) return [...spans, next];
  return [...spans.slice(0, -1), { ...last, end: agent.since }, next];
}

/** The spans with all stretches between them, and before the first, as gaps. */
export function withGaps(spans: readonly Span[], dayStart: number): readonly Span[] {
  const found: Span[] = [];
  let known = dayStart;
  for (const span of spans) {
    if (span.start > known + 1) found.push(gap(known, span.start));
    found.push(span);
    known = span.end === null ? Number.POSITIVE_INFINITY : span.end;
  }
  if (spans.length > 0 && known !== Number.POSITIVE_INFINITY) found.push(gap(known, null));
  return found;
}

function gap(start: number, end: number | null): Span {
  return { state: "unknown", start, end, reason: null, queue: null, direction: null, gap: true };
}

const ABSENT: ReadonlySet<AgentState> = new Set<AgentState>(["offline", "unknown"]);

/** Since when there is something to see of the agent's day. */
export function dayBegins(spans: readonly Span[], dayStart: number): number {
  const present = spans.find((span) => !ABSENT.has(span.state)) || spans[0];
  return present === undefined ? dayStart : Math.max(present.start, dayStart);
}

/** The span at a time: its position, or -1. */
export function spanAt(spans: readonly Span[], time: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const span = spans[middle];
    if (span !== undefined && span.start <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The span of one of the states that is nearest to a time, no further than `reach` s; else the one at the time. */
export function spanNear(
  spans: readonly Span[],
  time: number,
  states: readonly AgentState[],
  reach: number,
): number {
  let best = -1;
  let nearest = reach;
  spans.forEach((span, index) => {
    if (states.indexOf(span.state) < 0) return;
    const end = span.end === null ? Number.POSITIVE_INFINITY : span.end;
    const distance = Math.max(span.start - time, time - end, 0);
    if (distance < nearest || (best < 0 && distance <= nearest)) {
      best = index;
      nearest = distance;
    }
  });
  return best >= 0 ? best : spanAt(spans, time);
}

/** The time in a state today, as a running time: `until` is set once it stands still. */
export interface Total {
  readonly state: AgentState;
  readonly seconds: number;
  /** It runs on since this time; `null`: it stands still. */
  readonly since: number | null;
  readonly until: number | null;
}

const SECONDS = {
  available: "available_seconds",
  ringing: "ringing_seconds",
  dialing: "dialing_seconds",
  talking: "talk_seconds",
  on_hold: "hold_seconds",
  wrap_up: "wrap_up_seconds",
  paused: "paused_seconds",
  offline: "offline_seconds",
  unknown: "unknown_seconds",
} as const;

/** `now`: the agent as the feed tells it, perhaps in another state than when the day was asked for. */
export function totalOf(state: AgentState, day: Day, now: Agent): Total {
  const then = day.agent;
  const seconds = then.today[SECONDS[state]];
  if (then.state !== state) return { state, seconds, since: null, until: null };
  const changed = now.since > day.timeline.at;
  return { state, seconds, since: day.timeline.at - seconds, until: changed ? now.since : null };
}
