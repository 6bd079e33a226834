// A world of one's own for a connection: time passes when the test says so.

import type { Socket, World } from "../src/feed/connection";
import type { Message } from "../src/feed/messages";

interface Timer {
  readonly at: number;
  readonly then: () => void;
}

export class FakeTimers {
  time = 0;
  private next = 1;
  private readonly timers = new Map<number, Timer>();

  now = (): number => this.time;

  after = (ms: number, then: () => void): number => {
    this.timers.set(this.next, { at: this.time + ms, then });
    this.next += 1;
    return this.next - 1;
  };

  cancel = (timer: number): void => {
    this.timers.delete(timer);
  };

  get pending(): number {
    return this.timers.size;
  }

  /** Let time pass; what is due is done in its order. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = Array.from(this.timers).filter(([, timer]) => timer.at <= end);
      due.sort(([, a], [, b]) => a.at - b.at);
      const first = due[0];
      if (first === undefined) break;
      this.timers.delete(first[0]);
      this.time = Math.max(this.time, first[1].at);
      first[1].then();
    }
    this.time = end;
  }
}

export class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly sent: { resume: unknown; topics: readonly string[] }[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  opens(): void {
    this.onopen?.({} as Event);
  }

  says(message: Message): void {
    this.saysText(JSON.stringify(message));
  }

  saysText(data: string): void {
    this.onmessage?.({ data } as MessageEvent<string>);
  }

  breaks(): void {
    this.onclose?.({} as CloseEvent);
  }
}

export class FakeWorld extends FakeTimers implements World {
  readonly sockets: FakeSocket[] = [];
  refuses = false;

  open = (): Socket => {
    if (this.refuses) throw new Error("no sockets here");
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  };

  random = (): number => 0.5;

  get socket(): FakeSocket {
    const last = this.sockets[this.sockets.length - 1];
    if (last === undefined) throw new Error("no socket was opened");
    return last;
  }
}
