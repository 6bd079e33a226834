// Who serves a queue, those who are free first.

import { useComputed } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals-core";
import { aboutOf, markOf } from "../agents/about";
import { sortAgents } from "../agents/select";
import type { Agent } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { localName } from "../queues/select";
import { useBoard, useWords } from "../shell/board";
import { Link } from "../shell/Link";
import { Duration } from "../time/Duration";
import { membersOf } from "./select";

export function Members({ queue }: { readonly queue: string }) {
  const { live, words } = useBoard();
  const { agents } = live.tables;
  const { t, format } = useWords();
  const order = useComputed(() => {
    const members = sortAgents(membersOf(agents.all(), queue), "state", words.value.format.compareNames);
    return JSON.stringify(members.map((agent) => agent.id));
  });
  const ids = JSON.parse(order.value) as string[];
  return (
    <section class="members" aria-label={t.queue.members}>
      <h2>
        {t.queue.members} <span class="count">{format.number(ids.length)}</span>
      </h2>
      {ids.length === 0 ? (
        <p class="nobody">{t.queue.noMembers}</p>
      ) : (
        <ul>
          {ids.map((id) => {
            const cell = agents.cell(id);
            return cell && <Member key={id} cell={cell} queue={queue} />;
          })}
        </ul>
      )}
    </section>
  );
}

interface Props {
  readonly cell: ReadonlySignal<Agent>;
  readonly queue: string;
}

function Member({ cell, queue }: Props) {
  const { queues } = useBoard().live.tables;
  const { t } = useWords();
  const agent = cell.value;
  const membership = agent.queues.find((one) => one.queue === queue);
  const nameOf = (id: string): string => {
    const found = queues.peek(id); // names don't change
    return found ? found.name : localName(id);
  };
  // Paused in this queue alone: the agent's state doesn't tell it.
  const here = membership?.paused && agent.state !== "paused" ? t.queue.pausedHere : "";
  const { text, party } = aboutOf(agent, t, nameOf);
  const about = [t.state[agent.state], text, party, markOf(agent, t) || here];
  return (
    <li class="member" data-agent={agent.id} data-state={agent.state}>
      <span class="badge">
        <Icon name={agent.state} />
      </span>
      <Link to={{ place: { kind: "agent", id: agent.id } }} class="name">
        {agent.name}
      </Link>
      <Duration since={agent.since} />
      <span class="about">{about.filter(Boolean).join(" · ")}</span>
    </li>
  );
}
