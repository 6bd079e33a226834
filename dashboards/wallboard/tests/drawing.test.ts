import { describe, expect, it } from "vitest";
import { PACE, paced } from "../src/shell/drawing";
import { FakeTimers } from "./fakeWorld";

describe("drawing", () => {
  it("is done with the next frame after a rest, and at a quiet pace under load", () => {
    const timers = new FakeTimers();
    const drawn: number[] = [];
    const ask = paced({ ...timers, frame: (then) => void timers.after(5, then), now: () => timers.time });
    let asked = false;
    const change = () => {
      if (asked) return; // as Preact: one drawing is waited for at a time
      asked = true;
      ask(() => {
        asked = false;
        drawn.push(timers.time);
      });
    };
    for (let turn = 0; turn < 50; turn += 1) {
      change();
      timers.pass(10);
    }
    expect(drawn[0]).toBe(5);
    expect(drawn).toHaveLength(5);
    for (const [index, at] of drawn.slice(1).entries()) {
      expect(at - (drawn[index] ?? 0)).toBeGreaterThanOrEqual(PACE);
    }
    timers.pass(1_000);
    change();
    timers.pass(5);
    expect(drawn[drawn.length - 1]).toBe(timers.time);
  });
});
