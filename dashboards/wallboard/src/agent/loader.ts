// Keeps something that is asked for over HTTP fresh: not too often, and again and again when that fails.

import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { Timers } from "../time/ticker";

/** Least time between two requests, ms. */
const PACE = 3_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

export class Loader<T> {
  private readonly found = signal<T | null>(null);
  private readonly failing = signal(false);
  private asked = Number.NEGATIVE_INFINITY;
  private timer: number | null = null;
  private busy = false;
  private wanted = false;
  private stopped = false;
  private pause = FIRST_PAUSE;

  /** `now`: monotonic, ms. */
  constructor(
    private readonly load: () => Promise<T>,
    private readonly timers: Timers,
    private readonly now: () => number,
  ) {}

  /** The latest answer; `null` before the first one. */
  get value(): ReadonlySignal<T | null> {
    return this.found;
  }

  /** Whether the last request failed. */
  get failed(): ReadonlySignal<boolean> {
    return this.failing;
  }

  /** Ask as soon as the pace allows. While requests fail, the next try is soon enough. */
  ask(): void {
    this.wanted = true;
    if (this.busy || this.timer !== null || this.stopped) return;
    this.later(Math.max(0, this.asked + PACE - this.now()));
  }

  /** What failed may work now: try at once. */
  hurry(): void {
    if (!this.failing.peek() || this.timer === null) return;
    this.timers.cancel(this.timer);
    this.later(0);
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) this.timers.cancel(this.timer);
  }

  private later(ms: number): void {
    this.timer = this.timers.after(ms, () => this.begin());
  }

  private begin(): void {
    this.timer = null;
    this.wanted = false;
    this.busy = true;
    this.asked = this.now();
    this.load().then(
      (value) => this.end(() => this.succeed(value)),
      () => this.end(() => this.fail()),
    );
  }

  private end(then: () => void): void {
    this.busy = false;
    if (!this.stopped) then();
  }

  private succeed(value: T): void {
    this.pause = FIRST_PAUSE;
    this.failing.value = false;
    this.found.value = value;
    if (this.wanted) this.ask();
  }

  private fail(): void {
    this.failing.value = true;
    this.later(this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }
}
