// A row per queue.

import { KeyedList, icon, make, setData, setHidden, setIcon, setText } from "/page/dom.js";
import { StateCounts } from "/page/states.js";
import { compareNames, duration, number, share, texts } from "/page/texts.js";

class Row {
  /** `lostSince(source)`: since when what the source does is not known, or `null`. */
  constructor(id, lostSince) {
    this.lostSince = lostSince;
    this.name = make("th", "queue-name");
    this.name.scope = "row";
    this.waiting = make("td", "big waiting");
    this.longest = make("td", "big longest");
    this.sign = icon("met");
    this.signWord = make("span", "spoken");
    this.level = make("span", "big");
    this.levelDetail = make("span", "small");
    this.answered = make("td", "big");
    this.abandonedNumber = make("span", "big");
    this.short = make("span", "small");
    const states = make("td", "states");
    this.states = new StateCounts(states);
    const line = make("span", "line", this.sign, this.level, this.signWord);
    this.levelCell = make("td", "level", line, this.levelDetail);
    this.element = make(
      "tr",
      "",
      this.name,
      this.waiting,
      this.longest,
      this.levelCell,
      this.answered,
      make("td", "", this.abandonedNumber, this.short),
      states,
    );
    setData(this.element, "queue", id);
  }

  update(queue) {
    this.object = queue;
    const { today } = queue;
    setText(this.name, queue.name);
    setText(this.waiting, queue.waiting);
    setData(this.element, "waiting", queue.waiting > 0 ? "some" : "none");
    this.updateLevel(today.service_level);
    setText(this.answered, today.answered);
    setText(this.abandonedNumber, today.abandoned);
    setText(this.short, texts.short(today.short_abandoned));
    setHidden(this.short, today.short_abandoned === 0);
    this.states.update(queue.agents);
  }

  updateLevel({ value, met, of, threshold, target }) {
    const sign = value === null || target === null ? "none" : value >= target ? "met" : "below";
    setData(this.levelCell, "sign", sign);
    setHidden(this.signWord, sign === "none");
    // an SVG element has no `hidden` of its own
    this.sign.style.display = sign === "none" ? "none" : "";
    if (sign !== "none") {
      setIcon(this.sign, sign);
      setText(this.signWord, ` ${texts[sign]}`);
    }
    setText(this.level, share(value));
    const parts = [texts.within(met, of, number(threshold))];
    if (target !== null) parts.push(texts.target(share(target)));
    setText(this.levelDetail, parts.join(" · "));
  }

  tick(now) {
    const lost = this.lostSince(this.object.source);
    setData(this.element, "truth", lost === null ? "live" : "lost");
    const since = this.object.longest_wait_since;
    setText(this.longest, since === null ? "–" : duration((lost === null ? now : lost) - since));
  }
}

export class Queues {
  constructor(lostSince) {
    this.list = new KeyedList(
      document.getElementById("queues"),
      (id) => new Row(id, lostSince),
      (a, b) => compareNames(a.name, b.name) || (a.id < b.id ? -1 : Number(a.id > b.id)),
    );
  }

  update(ids, queues) {
    this.list.update(ids, queues);
  }

  tick(now) {
    this.list.tick(now);
  }
}
