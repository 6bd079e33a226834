import { describe, expect, it } from "vitest";
import { ServerClock } from "../src/time/serverClock";
import { Ticker } from "../src/time/ticker";
import { FakeTimers } from "./fakeWorld";
import { AT } from "./samples";

describe("the server's clock", () => {
  it("is unknown before the server spoke", () => {
    expect(new ServerClock(() => 0).now()).toBeNull();
  });

  it("goes on by the browser's stopwatch, not by its time of day", () => {
    let here = 5_000;
    const clock = new ServerClock(() => here);
    clock.hear(AT);
    here += 1_500;
    expect(clock.now()).toBeCloseTo(AT + 1.5, 3);
  });

  it("believes the message that came fastest", () => {
    let here = 0;
    const clock = new ServerClock(() => here);
    here = 300; // the first took 300 ms
    clock.hear(AT);
    here = 1_010; // the second 10 ms
    clock.hear(AT + 1);
    expect(clock.now()).toBeCloseTo(AT + 1, 3);
    here = 2_500; // the third 500 ms
    clock.hear(AT + 2);
    expect(clock.now()).toBeGreaterThan(AT + 2.4);
    expect(clock.now()).toBeLessThan(AT + 2.495);
  });

  it("never goes back, even where the browser's stopwatch is too fast", () => {
    let here = 0;
    const clock = new ServerClock(() => here);
    clock.hear(AT);
    let last = AT;
    for (let second = 1; second <= 300; second += 1) {
      here = second * 1_010;
      clock.hear(AT + second);
      const now = clock.now() ?? 0;
      expect(now).toBeGreaterThanOrEqual(last);
      expect(now - (AT + second)).toBeLessThan(1);
      last = now;
    }
  });

  it("follows a server whose clock leans back by 5 % when it is set", () => {
    let here = 0;
    const clock = new ServerClock(() => here);
    for (let second = 0; second <= 3_000; second += 5) {
      here = second * 1_000;
      clock.hear(AT + second * 0.95);
      expect(clock.age(AT + second * 0.95)).toBeLessThan(1);
    }
  });

  it("knows how old is what comes late", () => {
    let here = 0;
    const clock = new ServerClock(() => here);
    expect(clock.age(AT)).toBe(0);
    clock.hear(AT);
    here = 30_000;
    clock.hear(AT + 10);
    expect(clock.age(AT + 10)).toBeGreaterThan(15);
    expect(clock.age(AT + 40)).toBe(0);
  });

  it("stands still when frozen, until the server is heard", () => {
    let here = 0;
    const clock = new ServerClock(() => here);
    clock.hear(AT);
    here = 2_000;
    clock.freeze();
    here = 60_000;
    expect(clock.now()).toBeCloseTo(AT + 2, 3);
    clock.hear(AT + 60);
    expect(clock.now()).toBeCloseTo(AT + 60, 3);
    expect(clock.lastHeard).toBe(AT + 60);
  });
});

describe("the ticker", () => {
  function running(offset = 0.4) {
    const timers = new FakeTimers();
    const ticker = new Ticker(() => AT + offset + timers.time / 1000, timers);
    return { timers, ticker };
  }

  it("tells each second once, in order, soon after it begins", () => {
    const { timers, ticker } = running();
    const told: [number, number][] = [];
    ticker.listen((second) => told.push([second, timers.time]));
    ticker.start();
    ticker.start(); // the clock was set: nothing is told twice
    timers.pass(5_000);
    expect(told.map(([second]) => second - AT)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const [second, at] of told.slice(1)) {
      expect(at / 1000 + 0.4 - (second - AT)).toBeGreaterThanOrEqual(0);
      expect(at / 1000 + 0.4 - (second - AT)).toBeLessThan(0.02);
    }
  });

  it("needs one timer however many listen, and none when it is stopped", () => {
    const { timers, ticker } = running();
    for (let number = 0; number < 500; number += 1) ticker.listen(() => undefined);
    ticker.start();
    ticker.start();
    expect(timers.pending).toBe(1);
    ticker.stop();
    expect(timers.pending).toBe(0);
  });

  it("forgets who no longer listens, also while it tells", () => {
    const { timers, ticker } = running();
    let told = 0;
    const stop = ticker.listen(() => {
      told += 1;
      stop();
    });
    ticker.start();
    timers.pass(3_000);
    expect(told).toBe(1);
  });

  it("waits for a clock that knows the time", () => {
    const timers = new FakeTimers();
    const ticker = new Ticker(() => null, timers);
    ticker.start();
    expect(ticker.second.value).toBeNull();
    expect(timers.pending).toBe(0);
  });
});
