// The agent's queues, and whether each of them calls the agent.

import type { ReadonlySignal } from "@preact/signals-core";
import type { Agent, Membership } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { useWords } from "../shell/board";
import { Link } from "../shell/Link";

interface Props {
  readonly cell: ReadonlySignal<Agent>;
  readonly queueName: (id: string) => string;
}

export function Memberships({ cell, queueName }: Props) {
  const { t, format } = useWords();
  const { queues } = cell.value;
  if (queues.length === 0) return <p class="wait">{t.agent.noQueues}</p>;
  const sorted = queues.slice().sort((a, b) => format.compareNames(queueName(a.queue), queueName(b.queue)));
  return (
    <ul class="memberships">
      {sorted.map((one) => (
        <li key={one.queue} data-paused={one.paused ? "" : undefined}>
          <Link to={{ place: { kind: "queue", id: one.queue } }}>{queueName(one.queue)}</Link>
          <span class="penalty" title={t.agent.penaltyMeans}>
            {one.penalty > 0 ? t.agent.penalty(format.number(one.penalty)) : ""}
          </span>
          <Status membership={one} />
        </li>
      ))}
    </ul>
  );
}

function Status({ membership }: { readonly membership: Membership }) {
  const { t, format } = useWords();
  const { paused, reason, wrap_up_until: until } = membership;
  if (paused) {
    return (
      <span class="status pausemark">
        <Icon name="paused" />
        {reason === null ? t.agents.pausedToo : `${t.agents.pausedToo}: ${reason}`}
      </span>
    );
  }
  return (
    <span class="status">
      <Icon name={until === null ? "answered" : "wrap_up"} />
      {until === null ? t.agent.active : t.agent.wrapUpUntil(format.timeOfDay(until))}
    </span>
  );
}
