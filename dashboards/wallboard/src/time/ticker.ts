// One timer for the whole page: at each full second of the server everything that runs is told.

import { type ReadonlySignal, signal } from "@preact/signals-core";

export interface Timers {
  after(ms: number, then: () => void): number;
  cancel(timer: number): void;
}

/** Told at each full second; `second` is unix time of the server, whole. */
export type Tick = (second: number) => void;

export class Ticker {
  private readonly current = signal<number | null>(null);
  private readonly listeners = new Set<Tick>();
  private timer = 0;

  /** `now`: the server's time in seconds, standing still while nothing is known. */
  constructor(
    private readonly now: () => number | null,
    private readonly timers: Timers,
  ) {}

  /** The second that everything on the page shows, so that all durations change together; `null` at first. */
  get second(): ReadonlySignal<number | null> {
    return this.current;
  }

  /** Call `tick` at each second until the function returned is called. */
  listen(tick: Tick): () => void {
    this.listeners.add(tick);
    return () => {
      this.listeners.delete(tick);
    };
  }

  /** Begin, or look at the clock at once if it runs already (it was set, or goes on). */
  start(): void {
    this.timers.cancel(this.timer);
    const now = this.now();
    if (now === null) return;
    const second = Math.floor(now);
    if (second !== this.current.peek()) {
      this.current.value = second;
      for (const tick of Array.from(this.listeners)) tick(second);
    }
    // A little after the edge: timers that fire early would find the old second.
    this.timer = this.timers.after((second + 1 - now) * 1000 + 5, () => this.start());
  }

  /** Let everything stand still. */
  stop(): void {
    this.timers.cancel(this.timer);
  }
}
