// The levels of a queue's figures.

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
