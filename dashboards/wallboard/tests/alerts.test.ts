import { signal } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import { carer, firing, gravest, gravestOf, news, saying } from "../src/alerts/select";
import { AlertWatch } from "../src/alerts/watch";
import { Connection } from "../src/feed/connection";
import { Live } from "../src/feed/live";
import type { Alert, Severity } from "../src/feed/messages";
import { ServerClock } from "../src/time/serverClock";
import { Ticker } from "../src/time/ticker";
import { FakeWorld } from "./fakeWorld";
import { AT, delta, snapshot } from "./samples";

function alert(id: string, change: Partial<Alert> = {}): Alert {
  return {
    id,
    rule: "callers-wait",
    severity: "warning",
    state: "firing",
    since: AT,
    labels: {},
    summary: `${id}!`,
    summaries: {},
    value: 7,
    acknowledged: null,
    silenced: null,
    inhibited: false,
    ...change,
  };
}
const ids = (alerts: readonly Alert[]) => alerts.map(({ id }) => id);

describe("alerts", () => {
  it("are shown while they fire, newest first", () => {
    const all = [
      alert("old"),
      alert("soon", { state: "pending" }),
      alert("over", { state: "resolved" }),
      alert("new", { since: AT + 9 }),
      alert("grave", { severity: "critical" }),
    ];
    expect(ids(firing(all))).toEqual(["new", "grave", "old"]);
  });

  it("that are grave are not pushed out by news that are not", () => {
    const all = firing([
      alert("grave", { severity: "critical" }),
      alert("a", { severity: "info", since: AT + 1 }),
      alert("b", { since: AT + 2 }),
      alert("c", { severity: "info", since: AT + 3 }),
    ]);
    const { shown, more } = gravestOf(all, 3);
    expect([ids(shown), more]).toEqual([["c", "b", "grave"], 1]);
    expect(gravestOf(all, 4)).toEqual({ shown: all, more: 0 });
  });

  it("that somebody cares for make room for those that nobody does", () => {
    const acknowledged = { by: "Anna", why: "", at: AT };
    const all = firing([
      alert("hers", { severity: "critical", acknowledged, since: AT + 5 }),
      alert("note", { severity: "info" }),
      alert("nobody's", { since: AT + 1 }),
    ]);
    expect(ids(gravestOf(all, 2).shown)).toEqual(["nobody's", "note"]);
    expect(ids(gravestOf(all, 3).shown)).toEqual(["hers", "nobody's", "note"]);
  });

  it("speak the reader's language if they know it", () => {
    const both = alert("a", { summary: "wait", summaries: { en: "wait", ru: "ждут" } });
    expect([saying(both, "ru"), saying(both, "en"), saying(alert("b"), "ru")]).toEqual([
      "ждут",
      "wait",
      "b!",
    ]);
  });

  it("say who cares for them, and how", () => {
    const by = (why: string) => carer(alert("a", { acknowledged: { by: "Anna", why, at: AT } }));
    expect([by("I call back"), by(""), carer(alert("a"))]).toEqual(["Anna: I call back", "Anna", ""]);
  });

  it("are news if they didn't fire before", () => {
    expect(ids(news(new Set(["a"]), [alert("a"), alert("b")]))).toEqual(["b"]);
    expect(gravest([alert("a"), alert("b", { severity: "critical" })])).toBe("critical");
    expect(gravest([])).toBe("info");
  });
});

describe("the watch", () => {
  function watched() {
    const world = new FakeWorld();
    const clock = new ServerClock(world.now);
    const live = new Live(clock, new Ticker(() => clock.now(), world));
    new Connection(world, live).start();
    const rung: Severity[] = [];
    const watch = new AlertWatch(live, (severity) => rung.push(severity));
    world.socket.opens();
    return { world, live, watch, rung };
  }

  it("is silent about what fired when the page began, and calls out what is new once", () => {
    const { world, watch, rung } = watched();
    world.socket.says(snapshot(1, { alerts: [alert("there", { severity: "critical" })] }));
    expect([rung, ids(watch.fresh.value)]).toEqual([[], []]);
    world.socket.says(delta(1, 2, { alerts: [alert("new")] }));
    expect([rung, ids(watch.fresh.value)]).toEqual([["warning"], ["new"]]);
    world.socket.says(delta(2, 3, { alerts: [alert("new", { value: 8 })] }));
    expect(rung).toEqual(["warning"]);
  });

  it("rings once for several, as the gravest asks, and not for a note", () => {
    const { world, watch, rung } = watched();
    world.socket.says(snapshot(1));
    world.socket.says(delta(1, 2, { alerts: [alert("note", { severity: "info" })] }));
    expect([rung, ids(watch.fresh.value)]).toEqual([[], ["note"]]);
    world.socket.says(delta(2, 3, { alerts: [alert("a"), alert("b", { severity: "critical" })] }));
    expect(rung).toEqual(["critical"]);
  });

  it("rings when one begins to fire that was pending, and when it fires again", () => {
    const { world, rung } = watched();
    world.socket.says(snapshot(1, { alerts: [alert("a", { state: "pending" })] }));
    world.socket.says(delta(1, 2, { alerts: [alert("a")] }));
    expect(rung).toHaveLength(1);
    world.socket.says(delta(2, 3, { alerts_removed: ["a"] }));
    world.socket.says(delta(3, 4, { alerts: [alert("a")] }));
    expect(rung).toHaveLength(2);
  });

  it("is silent about what is silenced, explained by a lost source, or cared for", () => {
    const { world, watch, rung } = watched();
    world.socket.says(snapshot(1));
    world.socket.says(
      delta(1, 2, {
        alerts: [
          alert("silenced", { silenced: "s1" }),
          alert("inhibited", { inhibited: true }),
          alert("cared", { acknowledged: { by: "Anna", why: "", at: AT } }),
        ],
      }),
    );
    expect([rung, ids(watch.fresh.value)]).toEqual([[], []]);
  });

  it("calls out what was quiet from the beginning when that ends, and nothing twice", () => {
    const { world, watch, rung } = watched();
    world.socket.says(snapshot(1, { alerts: [alert("a", { silenced: "s1" })] }));
    world.socket.says(delta(1, 2, { alerts: [alert("a")] }));
    expect([rung, ids(watch.fresh.value)]).toEqual([["warning"], ["a"]]);
    world.socket.says(delta(2, 3, { alerts: [alert("a", { inhibited: true })] }));
    world.socket.says(delta(3, 4, { alerts: [alert("a")] }));
    expect(rung).toEqual(["warning"]);
  });

  it("does not ring again after the connection was lost", () => {
    const { world, rung } = watched();
    world.socket.says(snapshot(1, { alerts: [alert("a")] }));
    world.socket.breaks();
    world.pass(300);
    world.socket.opens();
    world.socket.says(snapshot(9, { alerts: [alert("a")] }));
    expect(rung).toEqual([]);
  });

  it("waits for the first picture", () => {
    const epoch = signal<string | null>(null);
    const rung: Severity[] = [];
    new AlertWatch({ epoch, tables: { alerts: { all: () => [alert("a")] } } }, (severity) =>
      rung.push(severity),
    );
    epoch.value = "e1";
    expect(rung).toEqual([]);
  });
});
