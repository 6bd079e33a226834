// The wallboard: makes everything, connects it, draws it.

import "./compat";
import "@preact/signals"; // lets components follow the signals that they read
import "./style/index.css";
import { computed, effect, signal } from "@preact/signals-core";
import { options, render } from "preact";
import { Bell } from "./alerts/sound";
import { AlertWatch } from "./alerts/watch";
import { browserWorld, feedAddress, hurryWhenBack, timers } from "./feed/browser";
import { Connection } from "./feed/connection";
import { Live } from "./feed/live";
import { DEFAULTS, fetchSettings, type Settings } from "./settings";
import { App } from "./shell/App";
import { type Board, BoardContext } from "./shell/board";
import { paced } from "./shell/drawing";
import { follow } from "./shell/following";
import { applyLooks, looksOf } from "./shell/looks";
import { Navigation } from "./shell/navigation";
import { titleOf } from "./shell/title";
import { ServerClock } from "./time/serverClock";
import { Ticker } from "./time/ticker";
import { pageWorld, Renewal } from "./tv/renewal";
import { Tour } from "./tv/tour";

options.debounceRendering = paced({
  now: () => performance.now(),
  after: timers.after,
  frame: (then) => requestAnimationFrame(then),
});

const clock = new ServerClock(() => performance.now());
const ticker = new Ticker(() => clock.now(), timers);
const live = new Live(clock, ticker);
const navigation = new Navigation(window);
const settings = signal<Settings>(DEFAULTS);
const looks = looksOf(navigation.address, settings);
const tour = new Tour(navigation.address, { now: () => performance.now(), ...timers });
const bell = new Bell(computed(() => navigation.address.value.sound));
const alerts = new AlertWatch(live, bell.ring);
const board: Board = { live, clock, ticker, navigation, tour, alerts, bell, settings, ...looks };

applyLooks(looks, navigation.address);
const title = computed(() => titleOf(board));
effect(() => {
  document.title = title.value;
});

// Another run of the server may be configured otherwise, and a new queue have limits of its own.
const toldFor = computed(() =>
  live.epoch.value === null ? null : `${live.epoch.value} ${live.tables.queues.ids.value.join(" ")}`,
);
const take = (found: Settings) => {
  settings.value = found;
};
follow(toldFor, fetchSettings, take, timers);

const renewal = new Renewal(pageWorld(timers));
effect(() => renewal.told(settings.value.version, navigation.address.value.tv));

const meta = document.querySelector<HTMLMetaElement>("meta[name=feed]");
const connection = new Connection(
  browserWorld(feedAddress(meta === null ? "" : meta.content, location.protocol)),
  live,
);
connection.start();
hurryWhenBack(connection);

const place = document.getElementById("app");
if (place !== null) {
  render(
    <BoardContext.Provider value={board}>
      <App />
    </BoardContext.Provider>,
    place,
  );
}
