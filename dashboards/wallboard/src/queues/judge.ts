// The levels of a queue's figures, and whether it loses customers now.

import type { Queue } from "../feed/messages";
import { type Level, type Limits, levelOf } from "../thresholds";

export interface Judgement {
  readonly waiting: Level;
  readonly longest: Level;
  readonly serviceLevel: Level;
  readonly abandoned: Level;
}

/** `second`: the time until which the longest wait runs. */
export function judge(queue: Queue, limits: Limits, second: number | null): Judgement {
  const since = queue.longest_wait_since;
  const wait = since === null || second === null ? null : second - since;
  const { service_level, abandonment_rate } = queue.today;
  return {
    waiting: levelOf("waiting", queue.waiting, limits.waiting),
    longest: levelOf("longest_wait", wait, limits.longest_wait),
    serviceLevel: levelOf("service_level", service_level.value, limits.service_level),
    abandoned: levelOf("abandoned", abandonment_rate, limits.abandoned),
  };
}

/** "absent": nobody is signed on; "busy": nobody is free, though it lasts or they grow many; "slow": the wait is critical; "crowd": the number is. */
export const ALARMS = ["absent", "busy", "slow", "crowd"] as const;
export type Alarm = (typeof ALARMS)[number];

/** Why those who wait now are being lost, the gravest reason; `null`: they aren't. */
export function alarmOf(queue: Queue, { waiting, longest }: Judgement): Alarm | null {
  if (queue.waiting === 0) return null;
  const { available, ringing, dialing, talking, on_hold, wrap_up, unknown } = queue.agents;
  // Who can't be seen may be free, and a phone that rings is an answer on its way.
  if (unknown === 0) {
    if (available + ringing + dialing + talking + on_hold + wrap_up === 0) return "absent";
    // That all are on a call when the next one comes is every day's work.
    const pressing = waiting !== "ok" || longest === "warning";
    if (available === 0 && ringing < queue.waiting && pressing && longest !== "critical") return "busy";
  }
  if (longest === "critical") return "slow";
  return waiting === "critical" ? "crowd" : null;
}
