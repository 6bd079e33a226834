import { beforeEach, describe, expect, it } from "vitest";
import { Loader } from "../src/agent/loader";
import { FakeWorld } from "./fakeWorld";

describe("what is asked for again and again", () => {
  let world: FakeWorld;
  let answers: { resolve(value: number): void; reject(): void }[];
  let loader: Loader<number>;

  beforeEach(() => {
    world = new FakeWorld();
    answers = [];
    loader = new Loader<number>(
      () =>
        new Promise((resolve, reject) => answers.push({ resolve, reject: () => reject(new Error("no")) })),
      world,
      () => world.now(),
    );
  });

  const settled = async () => {
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
  };
  const answer = async (value: number | null) => {
    const last = answers[answers.length - 1];
    if (value === null) last?.reject();
    else last?.resolve(value);
    await settled();
  };

  it("is asked for at once, then at most every three seconds, however often it is wanted", async () => {
    loader.ask();
    world.pass(0);
    expect(answers).toHaveLength(1);
    await answer(1);
    expect(loader.value.value).toBe(1);
    for (let wish = 0; wish < 5; wish += 1) loader.ask();
    world.pass(2_900);
    expect(answers).toHaveLength(1);
    world.pass(200);
    expect(answers).toHaveLength(2);
  });

  it("is asked for once more if it was wanted while an answer was under way", async () => {
    loader.ask();
    world.pass(0);
    loader.ask();
    world.pass(10_000);
    expect(answers).toHaveLength(1);
    await answer(1);
    world.pass(0);
    expect(answers).toHaveLength(2);
    await answer(2);
    world.pass(60_000);
    expect(answers).toHaveLength(2);
  });

  it("keeps the old answer when asking fails, says so, and tries again ever more slowly", async () => {
    loader.ask();
    world.pass(0);
    await answer(1);
    loader.ask();
    world.pass(3_000);
    await answer(null);
    expect(loader.value.value).toBe(1);
    expect(loader.failed.value).toBe(true);
    world.pass(999);
    expect(answers).toHaveLength(2);
    world.pass(1);
    expect(answers).toHaveLength(3);
    await answer(null);
    world.pass(1_999);
    expect(answers).toHaveLength(3);
    world.pass(1);
    await answer(4);
    expect(loader.failed.value).toBe(false);
    expect(loader.value.value).toBe(4);
  });

  it("tries at once when there is reason to hope, but only what failed", async () => {
    loader.hurry();
    world.pass(0);
    expect(answers).toHaveLength(0);
    loader.ask();
    world.pass(0);
    await answer(null);
    loader.hurry();
    world.pass(0);
    expect(answers).toHaveLength(2);
    await answer(1);
    loader.ask();
    loader.hurry(); // nothing failed: the pace holds
    world.pass(2_900);
    expect(answers).toHaveLength(2);
  });

  it("is left alone once it is stopped", async () => {
    loader.ask();
    world.pass(0);
    loader.stop();
    await answer(1);
    world.pass(60_000);
    loader.ask();
    world.pass(60_000);
    expect(loader.value.value).toBeNull();
    expect(answers).toHaveLength(1);
  });
});
