// A tile per agent.

import { KeyedList, icon, make, setData, setHidden, setIcon, setText, spoken } from "/page/dom.js";
import { STATES, StateCounts } from "/page/states.js";
import { compareNames, duration, texts } from "/page/texts.js";

/** From how many agents on tiles are this small. */
const SIZES = [
  [31, "medium"],
  [91, "small"],
  [251, "tiny"],
];

/** States beside which a pause is not worth a word, or not certain. */
const SAYS_ENOUGH = new Set(["paused", "offline", "unknown"]);

class Tile {
  constructor(id, queueName) {
    this.queueName = queueName;
    this.icon = icon("unknown");
    this.word = make("span", "word");
    this.time = make("span", "time");
    this.name = make("span", "name");
    this.mark = make("span", "mark");
    this.detail = make("span", "detail");
    this.answered = make("span", "number");
    this.missed = make("span", "number");
    this.missedFigure = make("span", "figure", icon("missed"), this.missed, spoken(` ${texts.missed}`));
    this.missedFigure.title = texts.missed;
    const answered = make("span", "figure", icon("answered"), this.answered, spoken(` ${texts.answered}`));
    answered.title = texts.answered;
    this.element = make(
      "li",
      "tile",
      make("div", "band", this.icon, this.word, this.time),
      make("div", "who", this.name, this.mark),
      make("div", "foot", this.detail, make("span", "figures", answered, this.missedFigure)),
    );
    setData(this.element, "agent", id);
  }

  update(agent) {
    this.object = agent;
    setData(this.element, "state", agent.state);
    setIcon(this.icon, agent.state);
    setText(this.word, texts.state[agent.state]);
    setText(this.name, agent.name);
    const detail = this.describe(agent);
    const mark = this.marked(agent);
    setText(this.detail, detail);
    setText(this.mark, mark);
    const title = [agent.name, agent.team, mark, detail].filter(Boolean).join(" · ");
    if (this.element.title !== title) this.element.title = title;
    setHidden(this.mark, mark === "");
    setText(this.answered, agent.today.answered);
    setText(this.missed, agent.today.missed);
    setHidden(this.missedFigure, agent.today.missed === 0);
  }

  /** What the state is about: the reason, or the queue (else the kind of call) and the other side. */
  describe(agent) {
    if (agent.state === "unknown" && agent.last_state !== null) {
      return texts.was(texts.state[agent.last_state].toLowerCase());
    }
    if (agent.state === "paused") return agent.reason || "";
    if (agent.call === null) return "";
    const { queue, direction, party } = agent.call;
    const kind = queue === null ? texts.direction[direction] : this.queueName(queue);
    return [kind, party].filter(Boolean).join(" · ");
  }

  /** What the person decided, where the state doesn't tell it already. */
  marked(agent) {
    if (agent.do_not_disturb) return texts.dnd;
    const { paused, reason } = agent.presence;
    if (!paused || SAYS_ENOUGH.has(agent.state)) return "";
    return reason ? `${texts.pausedToo}: ${reason}` : texts.pausedToo;
  }

  tick(now) {
    setText(this.time, duration(now - this.object.since));
  }
}

export class Agents {
  constructor(queueName) {
    this.parent = document.getElementById("agents");
    this.nobody = document.getElementById("nobody");
    this.totals = new StateCounts(document.getElementById("totals"));
    this.list = new KeyedList(
      this.parent,
      (id) => new Tile(id, queueName),
      (a, b) => compareNames(a.name, b.name) || (a.id < b.id ? -1 : Number(a.id > b.id)),
    );
  }

  update(ids, agents) {
    this.list.update(ids, agents);
    const found = SIZES.filter(([least]) => agents.size >= least).pop();
    setData(this.parent, "size", found ? found[1] : "large");
    setHidden(this.nobody, agents.size > 0);
    const counts = {};
    for (const state of STATES) counts[state] = 0;
    for (const agent of agents.values()) counts[agent.state] += 1;
    this.totals.update(counts);
  }

  tick(now) {
    this.list.tick(now);
  }
}
