// Keeps a queue's history up to date: asked for when a step ends, at least every minute, and again when it failed.

import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { Timers } from "../time/ticker";
import type { Counted, History } from "./history";

/** Longest time between two questions, s. */
export const EVERY = 60;
/** After a failure, s. */
export const AGAIN = 10;
/** How long after a step's end the server is asked about it, s. */
const GRACE = 1;

export interface Known {
  readonly history: History | null;
  /** The day's figures as the feed told them when the history came. */
  readonly told: Counted | null;
  readonly failed: boolean;
}

export interface Sources {
  ask(): Promise<History | null>;
  /** The queue's figures now; `null`: there is no such queue. */
  figures(): Counted | null;
  /** Whether somebody can see it. */
  visible(): boolean;
}

export class Keeper {
  private readonly known = signal<Known>({ history: null, told: null, failed: false });
  private timer = 0;
  private asking = false;
  private stopped = false;

  constructor(
    private readonly sources: Sources,
    private readonly timers: Timers,
  ) {}

  get state(): ReadonlySignal<Known> {
    return this.known;
  }

  /** Ask now; also when the page is seen again or the server is another one. */
  async refresh(): Promise<void> {
    this.timers.cancel(this.timer);
    if (this.stopped || this.asking || !this.sources.visible()) return;
    this.asking = true;
    const history = await this.sources.ask();
    this.asking = false;
    if (this.stopped) return;
    this.known.value =
      history === null
        ? { ...this.known.value, failed: true }
        : { history, told: this.sources.figures(), failed: false };
    const seconds = history === null ? AGAIN : untilNext(history);
    this.timers.cancel(this.timer);
    this.timer = this.timers.after(seconds * 1000, () => void this.refresh());
  }

  stop(): void {
    this.stopped = true;
    this.timers.cancel(this.timer);
  }
}

/** Seconds until the history is worth asking for again. */
export function untilNext({ points, step, at }: History): number {
  const last = points[points.length - 1];
  const end = last === undefined ? at : last.start + step;
  return end + GRACE > at ? Math.min(EVERY, end + GRACE - at) : EVERY;
}
