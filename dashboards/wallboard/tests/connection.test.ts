import { describe, expect, it } from "vitest";
import { feedAddress } from "../src/feed/browser";
import { Connection } from "../src/feed/connection";
import { Live } from "../src/feed/live";
import { ServerClock } from "../src/time/serverClock";
import { Ticker } from "../src/time/ticker";
import { FakeWorld } from "./fakeWorld";
import { AT, agent, delta, heartbeat, snapshot } from "./samples";

function connected() {
  const world = new FakeWorld();
  const clock = new ServerClock(world.now);
  const ticker = new Ticker(() => clock.now(), world);
  const live = new Live(clock, ticker);
  const connection = new Connection(world, live);
  connection.start();
  return { world, clock, ticker, live, connection };
}

function started() {
  const all = connected();
  all.world.socket.opens();
  all.world.socket.says(snapshot(5, { agents: [agent("anna")] }));
  return all;
}

describe("the connection", () => {
  it("speaks first, and is live with the first message", () => {
    const { world, live } = connected();
    expect(live.connection.value).toBe("lost");
    world.socket.opens();
    expect(world.socket.sent).toEqual([
      {
        type: "subscribe",
        token: null,
        topics: ["agents", "queues", "calls", "alerts", "sources"],
        queues: null,
        teams: null,
        resume: null,
      },
    ]);
    expect(live.connection.value).toBe("lost");
    world.socket.says(snapshot(5));
    expect(live.connection.value).toBe("live");
  });

  it("is lost at once when the socket closes, and resumes where it stopped", () => {
    const { world, live } = started();
    world.socket.says(delta(5, 7));
    world.socket.breaks();
    expect(live.connection.value).toBe("lost");
    expect(live.lastTruth.value).toBe(AT);
    world.pass(300);
    expect(world.sockets).toHaveLength(2);
    world.socket.opens();
    expect(world.socket.sent[0]?.resume).toEqual({ epoch: "e1", seq: 7 });
    world.socket.says(delta(7, 8, { agents: [agent("anna", { state: "paused" })] }));
    expect(live.connection.value).toBe("live");
    expect(live.tables.agents.peek("pbx1/anna")?.state).toBe("paused");
  });

  it("tries again for ever, more and more slowly, from the start after a success", () => {
    const { world } = started();
    const pauses: number[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      const before = world.time;
      const sockets = world.sockets.length;
      world.socket.breaks();
      while (world.sockets.length === sockets) world.pass(50);
      pauses.push(world.time - before);
    }
    expect(pauses.slice(0, 5)).toEqual([300, 600, 1200, 2400, 4800]);
    expect(pauses.slice(5).every((pause) => pause === 5000)).toBe(true);
    world.socket.opens();
    world.socket.says(snapshot(9));
    const sockets = world.sockets.length;
    world.socket.breaks();
    world.pass(300);
    expect(world.sockets).toHaveLength(sockets + 1);
  });

  it("tries again where no socket can be made at all, and says why", () => {
    const { world, live } = started();
    world.refuses = true;
    world.socket.breaks();
    world.pass(20_000);
    expect(live.reason.value).toContain("no sockets here");
    world.refuses = false;
    world.pass(5_000);
    world.socket.opens();
    world.socket.says(snapshot(5));
    expect(live.connection.value).toBe("live");
    expect(live.reason.value).toBeNull();
  });

  it("calls 10 s of silence stale and 15 s dead, and begins a new one", () => {
    const { world, live } = started();
    world.pass(9_999);
    expect(live.connection.value).toBe("live");
    world.pass(1);
    expect(live.connection.value).toBe("stale");
    const silent = world.socket;
    world.pass(5_000);
    expect(live.connection.value).toBe("lost");
    expect(silent.closed).toBe(true);
    world.pass(300);
    expect(world.sockets).toHaveLength(2);
    silent.says(heartbeat(5));
    silent.breaks();
    expect(live.connection.value).toBe("lost");
    world.socket.opens();
    world.socket.says(heartbeat(5));
    expect(live.connection.value).toBe("live");
    world.pass(5_000);
    expect(world.sockets).toHaveLength(2);
  });

  it("is live again with the first word after silence", () => {
    const { world, live } = started();
    world.pass(12_000);
    world.socket.says(heartbeat(5, { at: AT + 12 }));
    expect(live.connection.value).toBe("live");
    world.pass(9_999);
    expect(live.connection.value).toBe("live");
  });

  it("gives up a socket that never opens", () => {
    const { world, live } = connected();
    world.pass(15_300);
    expect(world.sockets).toHaveLength(2);
    expect(live.connection.value).toBe("lost");
  });

  it("asks for a snapshot after a gap, on the same socket, and shows what it had until then", () => {
    const { world, live } = started();
    world.socket.says(delta(6, 7, { agents_removed: ["pbx1/anna"] }));
    expect(world.sockets).toHaveLength(1);
    expect(world.socket.sent.map((message) => message.resume)).toEqual([null, null]);
    expect(live.tables.agents.ids.value).toEqual(["pbx1/anna"]);
    expect(live.connection.value).toBe("live");
    world.socket.says(snapshot(7, { agents: [agent("boris")] }));
    expect(live.tables.agents.ids.value).toEqual(["pbx1/boris"]);
  });

  it("asks once after a gap, however many messages were under way", () => {
    const { world } = started();
    for (let seq = 6; seq < 50; seq += 1) world.socket.says(delta(seq, seq + 1));
    expect(world.socket.sent).toHaveLength(2);
    world.socket.says(snapshot(50));
    world.socket.says(delta(60, 61));
    expect(world.socket.sent).toHaveLength(3);
  });

  it("is stale, then replaced, where the snapshot doesn't come after a gap, whatever else is said", () => {
    const { world, live } = started();
    for (let second = 1; second < 12; second += 1) {
      world.socket.says(delta(100 + second, 101 + second));
      world.pass(1_000);
    }
    expect(live.connection.value).toBe("stale");
    world.pass(5_000);
    expect(world.sockets).toHaveLength(2);
  });

  it("is stale while what it says is old when it comes", () => {
    const { world, live, ticker, connection } = started();
    const say = (seconds: number) => world.socket.says(heartbeat(5, { at: AT + seconds }));
    let told = 0;
    for (let second = 1; second <= 40; second += 1) {
      world.pass(1_000);
      told += 0.5; // what was said half as long ago as we listen
      say(told);
    }
    expect(live.connection.value).toBe("stale");
    expect(live.lastTruth.value).toBe(AT + 20);
    const stood = ticker.second.value;
    connection.hurry();
    expect(live.connection.value).toBe("stale");
    world.pass(1_000);
    expect(ticker.second.value).toBe(stood);
    say(41); // it has caught up
    expect(live.connection.value).toBe("live");
    expect(ticker.second.value).toBe(AT + 41);
  });

  it("says what the server refuses, and does not resume after that", () => {
    const { world, live } = started();
    world.socket.says({ type: "error", code: "unauthorized", message: "a token is needed" });
    world.socket.breaks();
    expect(live.connection.value).toBe("lost");
    expect(live.reason.value).toBe("a token is needed");
    world.pass(300);
    world.socket.opens();
    expect(world.socket.sent[0]?.resume).toBeNull();
    world.socket.says(snapshot(1));
    expect(live.reason.value).toBeNull();
  });

  it("drops a connection that speaks nonsense", () => {
    const { world, live } = started();
    world.socket.saysText("{");
    expect(world.socket.closed).toBe(true);
    expect(live.connection.value).toBe("lost");
  });

  it("does not wait when the network is back", () => {
    const { world, connection } = started();
    for (let turn = 0; turn < 5; turn += 1) {
      world.socket.breaks();
      if (turn < 4) world.pass(5_000);
    }
    const sockets = world.sockets.length;
    connection.hurry();
    expect(world.sockets).toHaveLength(sockets + 1);
    connection.hurry();
    expect(world.sockets).toHaveLength(sockets + 1);
    world.pass(5_000);
    expect(world.sockets).toHaveLength(sockets + 1);
  });

  it("looks at once whether the server is still heard when a screen wakes up", () => {
    const { world, live, connection } = started();
    world.time += 12_000; // asleep: no timer fired
    connection.hurry();
    expect(live.connection.value).toBe("stale");
  });
});

describe("time on the page", () => {
  it("stands still while nothing is heard, and goes on without a step back", () => {
    const { world, ticker } = started();
    world.pass(3_100);
    expect(ticker.second.value).toBe(AT + 3);
    world.socket.breaks();
    world.pass(200);
    expect(ticker.second.value).toBe(AT + 3);
    world.pass(60_000);
    expect(ticker.second.value).toBe(AT + 3);
    world.socket.opens();
    world.socket.says(delta(5, 6, { at: AT + 63 }));
    expect(ticker.second.value).toBe(AT + 63);
  });

  it("believes another run of the server even when its clock is behind", () => {
    const { world, ticker } = started();
    world.pass(3_000);
    world.socket.says(snapshot(1, { epoch: "e2", at: AT - 100 }));
    world.pass(1_100);
    expect(ticker.second.value).toBe(AT - 99);
  });
});

describe("the feed's address", () => {
  it("is encrypted where the page is", () => {
    expect(feedAddress("ws://a:1/v1/feed", "https:")).toBe("wss://a:1/v1/feed");
    expect(feedAddress("ws://a:1/v1/feed", "http:")).toBe("ws://a:1/v1/feed");
    expect(feedAddress("wss://a/v1/feed", "http:")).toBe("wss://a/v1/feed");
  });
});
