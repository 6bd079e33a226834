import { effect } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import { Picture } from "../src/feed/picture";
import { agent, delta, heartbeat, queue, snapshot } from "./samples";

function started(): Picture {
  const picture = new Picture();
  picture.apply(snapshot(5, { agents: [agent("anna"), agent("boris")], queues: [queue("sales")] }));
  return picture;
}

describe("the picture", () => {
  it("begins with a snapshot, and takes nothing before it", () => {
    const picture = new Picture();
    expect(picture.apply(delta(0, 1, { agents: [agent("anna")] }))).toBe("gap");
    expect(picture.apply(heartbeat(1))).toBe("gap");
    expect(picture.tables.agents.ids.value).toEqual([]);
    expect(picture.apply(snapshot(5, { agents: [agent("anna")] }))).toBe("applied");
    expect(picture.position).toEqual({ epoch: "e1", seq: 5 });
    expect(picture.tables.agents.ids.value).toEqual(["pbx1/anna"]);
  });

  it("takes a delta that follows: whole objects, new ones, removed ones", () => {
    const picture = started();
    const change = delta(5, 9, {
      agents: [agent("anna", { state: "paused" }), agent("clara")],
      agents_removed: ["pbx1/boris"],
    });
    expect(picture.apply(change)).toBe("applied");
    expect(picture.position?.seq).toBe(9);
    expect(picture.tables.agents.ids.value).toEqual(["pbx1/anna", "pbx1/clara"]);
    expect(picture.tables.agents.peek("pbx1/anna")?.state).toBe("paused");
    expect(picture.tables.agents.cell("pbx1/boris")).toBeUndefined();
  });

  it.each([
    ["a delta that begins later", delta(6, 9, { agents: [agent("anna", { state: "paused" })] })],
    ["a delta that begins earlier", delta(4, 9)],
    ["a delta of another run", delta(5, 9, { epoch: "e2" })],
    ["a heartbeat of another run", heartbeat(5, { epoch: "e2" })],
    ["a heartbeat from before", heartbeat(4)],
  ])("calls %s a gap, changes nothing, and waits for a snapshot", (_, message) => {
    const picture = started();
    expect(picture.apply(message)).toBe("gap");
    expect(picture.position).toBeNull();
    expect(picture.tables.agents.peek("pbx1/anna")?.state).toBe("available");
    expect(picture.apply(delta(5, 9))).toBe("gap");
    expect(picture.apply(snapshot(9))).toBe("applied");
  });

  it("moves on with a heartbeat over changes that were not for it", () => {
    const picture = started();
    expect(picture.apply(heartbeat(8))).toBe("applied");
    expect(picture.apply(delta(8, 9))).toBe("applied");
  });

  it("forgets with a snapshot what is no longer there, and keeps the signals of the rest", () => {
    const picture = started();
    const cell = picture.tables.agents.cell("pbx1/anna");
    picture.apply(snapshot(2, { epoch: "e2", agents: [agent("anna", { state: "talking" })] }));
    expect(picture.tables.agents.ids.value).toEqual(["pbx1/anna"]);
    expect(picture.tables.agents.cell("pbx1/anna")).toBe(cell);
    expect(cell?.value.state).toBe("talking");
    expect(picture.tables.queues.ids.value).toEqual([]);
  });

  it("wakes only those who look at what changed", () => {
    const picture = started();
    const seen: string[] = [];
    const { agents, queues } = picture.tables;
    effect(() => void seen.push(`anna ${agents.cell("pbx1/anna")?.value.state}`));
    effect(() => void seen.push(`boris ${agents.cell("pbx1/boris")?.value.state}`));
    effect(() => void seen.push(`ids ${agents.ids.value.length}`));
    effect(() => void seen.push(`all ${agents.all().length}`));
    effect(() => void seen.push(`queues ${queues.all().length}`));
    seen.length = 0;
    picture.apply(delta(5, 6, { agents: [agent("boris", { state: "paused" })] }));
    expect(seen.sort()).toEqual(["all 2", "boris paused"]);
    seen.length = 0;
    picture.apply(heartbeat(7));
    expect(seen).toEqual([]);
  });

  it("shows all changes of a message together", () => {
    const picture = started();
    const seen: string[] = [];
    const { agents, queues } = picture.tables;
    effect(() => {
      seen.push(`${agents.cell("pbx1/anna")?.value.state} ${queues.cell("pbx1/sales")?.value.waiting}`);
    });
    picture.apply(
      delta(5, 6, {
        agents: [agent("anna", { state: "ringing" })],
        queues: [queue("sales", { waiting: 1 })],
      }),
    );
    expect(seen).toEqual(["available 0", "ringing 1"]);
  });
});
