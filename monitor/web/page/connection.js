// The way to the feed: connects for ever, resumes where it stopped, says how fresh the picture is.

const STALE_AFTER = 10000; // silence: the server speaks at least every 5 s
const GIVE_UP_AFTER = 15000; // silence: the connection is dead, begin a new one
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 5000;

/**
 * Calls `onMessage(message)` for each snapshot, delta and heartbeat that follows on the one before, and
 * `onConnection("live" | "stale" | "lost")` when that changes.
 */
export class Connection {
  constructor(address, onMessage, onConnection) {
    this.address = address;
    this.onMessage = onMessage;
    this.onConnection = onConnection;
    this.position = null; // {epoch, seq} of what is shown
    this.state = null;
    this.socket = null;
    this.pause = FIRST_PAUSE;
    this.timer = 0;
    this.watch = 0;
  }

  start() {
    this.report("lost");
    this.open();
    // A screen that wakes up, or whose network is back, need not wait for its turn.
    window.addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  hurry() {
    if (this.socket === null) this.open();
  }

  report(state) {
    if (state !== this.state) {
      this.state = state;
      this.onConnection(state);
    }
  }

  open() {
    clearTimeout(this.timer);
    let socket;
    try {
      socket = new WebSocket(this.address);
    } catch (error) {
      this.retryLater();
      return;
    }
    this.socket = socket;
    this.listen();
    socket.onopen = () => this.subscribe(this.position);
    socket.onmessage = (event) => socket === this.socket && this.take(JSON.parse(event.data));
    socket.onclose = () => socket === this.socket && this.closed();
  }

  subscribe(resume) {
    this.socket.send(JSON.stringify({ type: "subscribe", topics: ["agents", "queues", "sources"], resume }));
  }

  take(message) {
    if (message.type === "error") {
      this.position = null;
      return; // the server closes now
    }
    const follows =
      message.type === "snapshot" ||
      (this.position !== null &&
        message.epoch === this.position.epoch &&
        (message.type === "heartbeat" || message.since === this.position.seq));
    if (!follows) {
      this.position = null;
      this.subscribe(null);
      return;
    }
    this.position = { epoch: message.epoch, seq: message.seq };
    this.pause = FIRST_PAUSE;
    this.listen();
    this.onMessage(message);
    this.report("live");
  }

  /** Begin to wait for the next sign of life. */
  listen() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => {
      if (this.state === "live") this.report("stale");
      this.watch = setTimeout(() => this.abandon(), GIVE_UP_AFTER - STALE_AFTER);
    }, STALE_AFTER);
  }

  /** A dead connection may not even notice that it is closed: forget it. */
  abandon() {
    const socket = this.socket;
    this.closed();
    if (socket !== null) socket.close();
  }

  closed() {
    clearTimeout(this.watch);
    this.socket = null;
    this.report("lost");
    this.retryLater();
  }

  retryLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), this.pause * (0.5 + Math.random()));
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }
}
