import { signal } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import { ASK_AGAIN, follow } from "../src/shell/following";
import { FakeTimers } from "./fakeWorld";

describe("what the service says of itself", () => {
  const settled = () => new Promise((done) => setTimeout(done, 0));

  function following() {
    const timers = new FakeTimers();
    const occasion = signal<string | null>(null);
    const answers: ((answer: string | null) => void)[] = [];
    const taken: string[] = [];
    follow<string>(
      occasion,
      () => new Promise((answer) => answers.push(answer)),
      (answer) => taken.push(answer),
      timers,
    );
    return { timers, occasion, answers, taken };
  }

  it("is asked for at each occasion", async () => {
    const { occasion, answers, taken } = following();
    expect(answers).toHaveLength(0);
    occasion.value = "e1";
    answers[0]?.("a");
    await settled();
    occasion.value = "e2";
    answers[1]?.("b");
    await settled();
    expect(taken).toEqual(["a", "b"]);
  });

  it("is asked for again until it comes", async () => {
    const { timers, occasion, answers, taken } = following();
    occasion.value = "e1";
    answers[0]?.(null);
    await settled();
    timers.pass(ASK_AGAIN);
    answers[1]?.("a");
    await settled();
    timers.pass(10 * ASK_AGAIN);
    expect([answers.length, taken]).toEqual([2, ["a"]]);
  });

  it("counts only as the answer to the last question", async () => {
    const { timers, occasion, answers, taken } = following();
    occasion.value = "e1";
    occasion.value = "e2";
    answers[1]?.("new");
    answers[0]?.("old");
    await settled();
    expect(taken).toEqual(["new"]);
    occasion.value = "e3";
    answers[2]?.(null);
    await settled();
    occasion.value = "e4";
    timers.pass(ASK_AGAIN);
    expect(answers).toHaveLength(4);
  });
});
