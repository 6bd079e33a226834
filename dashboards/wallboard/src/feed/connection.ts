// The way to the feed: connects for ever, resumes where it stopped, says how fresh the picture is.

import { DEAD_AFTER, type Freshness, freshness, STALE_AFTER } from "./freshness";
import { type Message, type Position, TOPICS, type Truth } from "./messages";

const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 5_000;

/** What of a WebSocket is used. */
export interface Socket {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent<string>) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(text: string): void;
  close(): void;
}

/** The world that a connection lives in; tests bring their own. */
export interface World {
  open(): Socket;
  /** Monotonic, ms. */
  now(): number;
  random(): number;
  after(ms: number, then: () => void): number;
  cancel(timer: number): void;
}

/** "late": applied, but old when it came; "gap": it doesn't follow on the ones before. */
export type Taken = "applied" | "late" | "gap";

/** Who is told. */
export interface Listener {
  /** Take a message in. */
  take(message: Truth): Taken;
  /** Where to resume; `null` for a snapshot. */
  position(): Position | null;
  /** The server won't resume: begin anew. */
  unmoor(): void;
  /** Called whenever it changes; `reason`: what the server said when it refused, until it is live again. */
  freshness(state: Freshness, reason: string | null): void;
}

export class Connection {
  private socket: Socket | null = null;
  private heard = 0;
  private state: Freshness | null = null;
  private reason: string | null = null;
  private told: string | null = null;
  /** A snapshot was asked for after a gap and has not come: messages before it say nothing. */
  private asked = false;
  private pause = FIRST_PAUSE;
  private retry = 0;
  private watch = 0;

  constructor(
    private readonly world: World,
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.report("lost");
    this.open();
  }

  /** The network or the screen is back: don't wait for the next turn. */
  hurry(): void {
    if (this.socket === null) this.open();
    else this.look();
  }

  private report(state: Freshness): void {
    if (state === "live") this.reason = null;
    if (state === this.state && this.reason === this.told) return;
    this.state = state;
    this.told = this.reason;
    this.listener.freshness(state, this.reason);
  }

  private open(): void {
    this.world.cancel(this.retry);
    let socket: Socket;
    try {
      socket = this.world.open();
    } catch (error) {
      this.reason = String(error);
      this.report("lost");
      this.retryLater();
      return;
    }
    this.socket = socket;
    this.asked = false;
    this.heard = this.world.now();
    this.wait(STALE_AFTER);
    socket.onopen = () => {
      if (socket === this.socket) this.subscribe();
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.hear(event.data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.closed();
    };
  }

  private subscribe(): void {
    if (this.socket === null) return;
    const resume = this.listener.position();
    this.socket.send(
      JSON.stringify({ type: "subscribe", token: null, topics: TOPICS, queues: null, teams: null, resume }),
    );
  }

  private hear(text: string): void {
    const message = parse(text);
    if (message === null) {
      this.abandon();
      return;
    }
    if (message.type === "error") {
      this.listener.unmoor();
      this.reason = message.message;
      return; // the server closes now
    }
    const taken = this.listener.take(message);
    if (taken === "gap") {
      if (!this.asked) this.subscribe(); // what is shown stays until the snapshot comes
      this.asked = true;
      return;
    }
    this.asked = false;
    this.heard = this.world.now();
    this.wait(STALE_AFTER);
    this.pause = FIRST_PAUSE;
    this.report(taken === "late" ? "stale" : "live");
  }

  private wait(ms: number): void {
    this.world.cancel(this.watch);
    this.watch = this.world.after(ms, () => this.look());
  }

  /** Is the server still heard? */
  private look(): void {
    const silence = this.world.now() - this.heard;
    if (silence >= DEAD_AFTER) {
      this.abandon();
      return;
    }
    if (this.state === "live") this.report(freshness(silence)); // what is stale becomes live by a message alone
    this.wait((silence < STALE_AFTER ? STALE_AFTER : DEAD_AFTER) - silence);
  }

  /** A dead connection may not even notice that it is closed: forget it first. */
  private abandon(): void {
    const socket = this.socket;
    this.closed();
    if (socket !== null) socket.close();
  }

  private closed(): void {
    this.world.cancel(this.watch);
    this.socket = null;
    this.report("lost");
    this.retryLater();
  }

  private retryLater(): void {
    this.world.cancel(this.retry);
    this.retry = this.world.after(this.pause * (0.5 + this.world.random()), () => this.open());
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }
}

function parse(text: string): Message | null {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return null;
  }
}
