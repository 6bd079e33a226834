// An operator.

import type { ReadonlySignal } from "@preact/signals-core";
import type { Agent } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { localName } from "../queues/select";
import { useBoard, useWords } from "../shell/board";
import { Duration } from "../time/Duration";
import { detailOf, markOf } from "./about";

export function AgentTile({ cell }: { readonly cell: ReadonlySignal<Agent> }) {
  const { live } = useBoard();
  const { t } = useWords();
  const agent = cell.value;
  const queueName = (id: string): string => {
    const queue = live.tables.queues.peek(id); // names don't change; the queue's figures do all the time
    return queue ? queue.name : localName(id);
  };
  const detail = detailOf(agent, t, queueName);
  const mark = markOf(agent, t);
  const { answered, missed } = agent.today;
  return (
    <li
      class="tile"
      data-agent={agent.id}
      data-state={agent.state}
      title={[agent.name, agent.team, t.state[agent.state], mark, detail].filter(Boolean).join(" · ")}
    >
      <div class="strip">
        <Icon name={agent.state} />
        <span class="word">{t.state[agent.state]}</span>
        <Duration since={agent.since} />
      </div>
      <p class="name">{agent.name}</p>
      {mark !== "" && <p class="mark">{mark}</p>}
      <p class="detail">{detail}</p>
      <p class="today">
        <span title={t.agents.answered}>
          <Icon name="answered" />
          {answered}
          <span class="spoken"> {t.agents.answered}</span>
        </span>
        {missed > 0 && (
          <span title={t.agents.missed} class="missed">
            <Icon name="missed" />
            {missed}
            <span class="spoken"> {t.agents.missed}</span>
          </span>
        )}
      </p>
    </li>
  );
}
