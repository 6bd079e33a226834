// The wallboard: the feed's messages go into the store, what changed is drawn once per frame, one timer ticks.

import { Agents } from "/page/agents.js";
import { ServerClock } from "/page/clock.js";
import { Connection } from "/page/connection.js";
import { setData, setText } from "/page/dom.js";
import { Queues } from "/page/queues.js";
import { Sources } from "/page/sources.js";
import { Store } from "/page/store.js";
import { texts, timeOfDay, translatePage } from "/page/texts.js";

const TICK = 250;

translatePage();

const store = new Store();
const clock = new ServerClock();
const connectionLine = document.getElementById("connection");
const nowElement = document.getElementById("now");

const queueName = (id) => {
  const queue = store.objects.queues.get(id);
  return queue ? queue.name : id.split("/").slice(1).join("/");
};

const lostSince = (id) => {
  const source = store.objects.sources.get(id);
  return source && source.state !== "up" ? source.since : null;
};

const queues = new Queues(lostSince);
const agents = new Agents(queueName);
const sources = new Sources();

let drawing = false;

function draw() {
  drawing = false;
  sources.update(store.takeChanged("sources"), store.objects.sources);
  queues.update(store.takeChanged("queues"), store.objects.queues);
  agents.update(store.takeChanged("agents"), store.objects.agents);
  tick();
}

function tick() {
  const now = clock.now();
  if (now === null) return;
  setText(nowElement, timeOfDay(now));
  queues.tick(now);
  agents.tick(now);
}

function take(message) {
  if (message.type === "snapshot") clock.reset();
  clock.hear(message.at);
  if (message.type === "heartbeat") return;
  store.apply(message);
  if (!drawing) {
    drawing = true;
    requestAnimationFrame(draw);
  }
}

function showConnection(state) {
  if (state !== "live") clock.freeze();
  const lastTruth = clock.lastAt === null ? null : timeOfDay(clock.lastAt);
  setData(connectionLine, "connection", state);
  setText(connectionLine, state === "live" ? texts.live : texts[state](lastTruth));
  setData(document.body, "truth", state);
}

/** The server names the feed by `ws://`; behind TLS the browser demands `wss://`. */
function feedAddress() {
  const address = document.querySelector("meta[name=feed]").content;
  return location.protocol === "https:" ? address.replace(/^ws:/, "wss:") : address;
}

new Connection(feedAddress(), take, showConnection).start();
setInterval(tick, TICK);
