// How many agents are in each state: icon, number, and the word for those who can't see the icon.

import { icon, make, setData, setHidden, setText, spoken } from "/page/dom.js";
import { texts } from "/page/texts.js";

export const STATES = [
  "available",
  "ringing",
  "dialing",
  "talking",
  "on_hold",
  "wrap_up",
  "paused",
  "offline",
  "unknown",
];

export class StateCounts {
  constructor(parent) {
    this.counts = new Map();
    for (const state of STATES) {
      const number = make("span", "number");
      const element = make("span", "count", icon(state), number, spoken(` ${texts.state[state]}`));
      element.title = texts.state[state];
      setData(element, "state", state);
      parent.append(element);
      this.counts.set(state, { element, number });
    }
  }

  update(counts) {
    for (const [state, { element, number }] of this.counts) {
      setText(number, counts[state]);
      setHidden(element, counts[state] === 0);
    }
  }
}
