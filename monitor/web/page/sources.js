// A banner for each source that doesn't tell the truth now.

import { KeyedList, icon, make, setData, setText } from "/page/dom.js";
import { texts, timeOfDay } from "/page/texts.js";

class Banner {
  constructor(id) {
    this.text = make("span", "");
    this.element = make("li", "source", icon("warning"), this.text);
    setData(this.element, "source", id);
  }

  update(source) {
    this.object = source;
    setData(this.element, "state", source.state);
    const parts = [`${source.id}: ${texts.source[source.state]}`, texts.since(timeOfDay(source.since))];
    if (source.detail) parts.push(source.detail);
    setText(this.text, parts.join(" · "));
    this.element.hidden = source.state === "up";
  }

  tick() {}
}

export class Sources {
  constructor() {
    this.list = new KeyedList(
      document.getElementById("sources"),
      (id) => new Banner(id),
      (a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)),
    );
  }

  update(ids, sources) {
    this.list.update(ids, sources);
  }
}
