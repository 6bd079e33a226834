// The server's time, as far as its messages tell it: a wrong clock in the browser doesn't matter.

/**
 * How much of the fastest message's word is forgotten, s per s: two clocks drift apart, and the server's leans by up to
 * 5 % when it is set. Messages that come later and later by more than that are late: the clock doesn't follow them.
 */
const FORGET = 0.06;

/** All times are unix seconds of the server. */
export class ServerClock {
  private offset: number | null = null;
  private offsetSet = 0;
  private shown = Number.NEGATIVE_INFINITY;
  private frozen = false;
  private last: number | null = null;

  /** `here`: a monotonic clock in ms (`performance.now`). */
  constructor(private readonly here: () => number) {}

  /** When the server last spoke, by its own clock. */
  get lastHeard(): number | null {
    return this.last;
  }

  /** A message said that it was `at` when it left. The one that came fastest is the truest. */
  hear(at: number): void {
    const here = this.here() / 1000;
    const offset = at - here;
    const known = this.offset;
    this.offset = known === null ? offset : Math.max(offset, known - FORGET * (here - this.offsetSet));
    this.offsetSet = here;
    this.last = at;
    this.frozen = false;
  }

  /** How old is what the server said `at`, s, as it is heard; 0 as long as nothing is known. */
  age(at: number): number {
    return this.offset === null ? 0 : Math.max(0, this.here() / 1000 + this.offset - at);
  }

  /** Another run of the server, perhaps on another machine: believe its clock, even backwards. */
  reset(): void {
    this.offset = null;
    this.shown = Number.NEGATIVE_INFINITY;
  }

  /** Nothing is known any more: time stands still until the server is heard again. */
  freeze(): void {
    this.now();
    this.frozen = true;
  }

  /** The time now: never earlier than one told before. `null` before the first message. */
  now(): number | null {
    if (this.offset === null) return null;
    if (!this.frozen) this.shown = Math.max(this.shown, this.here() / 1000 + this.offset);
    return this.shown;
  }
}
