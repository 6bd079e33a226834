// An operator.

import type { ReadonlySignal } from "@preact/signals-core";
import type { Agent } from "../feed/messages";
import { DirectionSign } from "../icons/DirectionSign";
import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "../shell/board";
import { Link } from "../shell/Link";
import { aboutOf, markOf } from "./about";
import { queueNames } from "./queueNames";
import { TimeInState } from "./TimeInState";

export function AgentTile({ cell }: { readonly cell: ReadonlySignal<Agent> }) {
  const { live } = useBoard();
  const { t } = useWords();
  const agent = cell.value;
  const about = aboutOf(agent, t, queueNames(live.tables));
  const mark = markOf(agent, t);
  const { answered, direct, missed } = agent.today;
  const all = [agent.name, agent.team, t.state[agent.state], about.text, about.party, mark];
  return (
    <li class="tile" data-agent={agent.id} data-state={agent.state}>
      <div class="strip">
        <Icon name={agent.state} />
        <span class="word">{t.state[agent.state]}</span>
        <TimeInState cell={cell} />
      </div>
      <p class="name">
        {/* The whole tile can be clicked: style/agents.css. */}
        <Link to={{ place: { kind: "agent", id: agent.id } }} label={all.filter(Boolean).join(" · ")}>
          {agent.name}
        </Link>
      </p>
      <p class="about">
        {about.direction !== null && (
          <DirectionSign
            direction={about.direction}
            told={agent.call !== null && agent.call.queue === null}
          />
        )}
        <span class="text">{about.text}</span>
        {mark !== "" && (
          <span class="pausemark">
            {!agent.do_not_disturb && <Icon name="paused" />}
            {mark}
          </span>
        )}
      </p>
      <p class="today">
        <span title={t.agents.answered}>
          <Icon name="answered" />
          {agent.queues.length > 0 ? answered : answered + direct}
          <span class="spoken"> {t.agents.answered}</span>
        </span>
        {missed > 0 && (
          <span title={t.agents.missed} class="missed">
            <Icon name="missed" />
            {missed}
            <span class="spoken"> {t.agents.missed}</span>
          </span>
        )}
        <span class="party">{about.party}</span>
      </p>
    </li>
  );
}
