// The picture, the server's clock and what is known of both: kept true by the messages of a connection.

import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { ServerClock } from "../time/serverClock";
import type { Ticker } from "../time/ticker";
import type { Listener, Taken } from "./connection";
import { type Freshness, freshness } from "./freshness";
import type { Position, Truth } from "./messages";
import { Picture, type Tables } from "./picture";

export class Live implements Listener {
  private readonly picture = new Picture();
  private readonly state = signal<Freshness>("lost");
  private readonly said = signal<string | null>(null);
  private readonly heard = signal<number | null>(null);
  private readonly run = signal<string | null>(null);

  constructor(
    private readonly clock: ServerClock,
    private readonly ticker: Ticker,
  ) {}

  get tables(): Tables {
    return this.picture.tables;
  }

  get connection(): ReadonlySignal<Freshness> {
    return this.state;
  }

  /** What the server said when it refused, while it does. */
  get reason(): ReadonlySignal<string | null> {
    return this.said;
  }

  /** When what is shown was last true (unix seconds of the server); set while the connection is not live. */
  get lastTruth(): ReadonlySignal<number | null> {
    return this.heard;
  }

  /** The server's run that the picture is of; `null` before the first one. */
  get epoch(): ReadonlySignal<string | null> {
    return this.run;
  }

  take(message: Truth): Taken {
    const known = this.run.peek();
    const result = this.picture.apply(message);
    if (result === "gap") return result;
    if (known !== null && known !== message.epoch) this.clock.reset();
    const moved = message.at !== this.clock.lastHeard;
    this.clock.hear(message.at);
    this.run.value = message.epoch;
    // It may have been on its way for long: the network is slow, and more waits behind it. (A time that is told twice
    // tells nothing of that.)
    if (!moved || freshness(this.clock.age(message.at) * 1000) === "live") return "applied";
    this.clock.freeze();
    this.heard.value = message.at;
    return "late";
  }

  position(): Position | null {
    return this.picture.position;
  }

  unmoor(): void {
    this.picture.unmoor();
  }

  freshness(state: Freshness, reason: string | null): void {
    if (state === "live") {
      this.ticker.start();
    } else {
      this.clock.freeze();
      this.ticker.stop();
      this.heard.value = this.clock.lastHeard;
    }
    this.said.value = reason;
    this.state.value = state;
  }
}
