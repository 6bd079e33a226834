// The server's clock, as far as its messages tell it: a wrong clock on this machine doesn't matter.

const FORGET_AFTER = 60;

export class ServerClock {
  constructor() {
    this.reset();
  }

  /** Another connection may be another server. */
  reset() {
    this.offset = null;
    this.setAt = 0;
    this.lastAt = null;
    this.frozenAt = null;
  }

  /** A message said that it was `at` when it left. The one that came fastest is the truest. */
  hear(at) {
    const here = performance.now() / 1000;
    const offset = at - here;
    if (this.offset === null || offset > this.offset || here - this.setAt > FORGET_AFTER) {
      this.offset = offset;
      this.setAt = here;
    }
    this.lastAt = at;
    this.frozenAt = null;
  }

  /** Nothing is known any more: let no duration run on. */
  freeze() {
    if (this.frozenAt === null) this.frozenAt = this.now();
  }

  /** Unix seconds on the server, or `null` before the first message. */
  now() {
    if (this.lastAt === null) return null;
    if (this.frozenAt !== null) return this.frozenAt;
    return Math.max(this.lastAt, performance.now() / 1000 + this.offset);
  }
}
