// A day drawn as lanes: where a state's bars lie tells it, as well as their colour and pattern.

import type { AgentState } from "../feed/messages";
import type { Axis } from "./axis";
import type { Span } from "./day";

/** Of two states in a lane, the second is hatched. */
export const LANES: readonly (readonly AgentState[])[] = [
  ["available"],
  ["ringing", "dialing"],
  ["talking", "on_hold"],
  ["wrap_up"],
  ["paused"],
  ["offline", "unknown"],
];

/** What of a lane's height its bars take. */
const FILL = 0.72;
/** The narrowest bar, px: a call of seconds must be seen in a day. */
const LEAST = 1.5;

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function laneOf(state: AgentState): number {
  return LANES.findIndex((states) => states.indexOf(state) >= 0);
}

export function barOf(span: Span, now: number, axis: Axis, box: Box): Bar {
  const scale = box.width / (axis.to - axis.from);
  const lane = box.height / LANES.length;
  const start = Math.max(span.start, axis.from);
  const end = Math.min(span.end === null ? Math.max(now, start) : span.end, axis.to);
  return {
    x: round((start - axis.from) * scale),
    y: round((laneOf(span.state) + (1 - FILL) / 2) * lane),
    width: round(Math.max((end - start) * scale, LEAST)),
    height: round(FILL * lane),
  };
}

/** One path per state, however many spans there are; those that lie on one another at this scale are drawn once. */
export function pathsOf(spans: readonly Span[], axis: Axis, box: Box): ReadonlyMap<AgentState, string> {
  const paths = new Map<AgentState, string>();
  const open = new Map<AgentState, Bar>();
  const close = (state: AgentState, { x, y, width, height }: Bar) => {
    paths.set(state, `${paths.get(state) || ""}M${x} ${y}h${width}v${height}h${-width}z`);
  };
  for (const span of spans) {
    if (span.end === null || span.end <= axis.from || span.start >= axis.to) continue;
    const bar = barOf(span, span.end, axis, box);
    const before = open.get(span.state);
    if (before !== undefined && bar.x <= before.x + before.width + 0.25) {
      open.set(span.state, { ...before, width: round(Math.max(bar.x + bar.width - before.x, before.width)) });
    } else {
      if (before !== undefined) close(span.state, before);
      open.set(span.state, bar);
    }
  }
  for (const [state, bar] of Array.from(open)) close(state, bar);
  return paths;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
