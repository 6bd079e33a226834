// A tile per agent, and how many are in each state.

import { useComputed } from "@preact/signals";
import { Filled } from "../layout/Filled";
import { StateBar } from "../queues/StateBar";
import { useBoard, useWords } from "../shell/board";
import { AgentTile } from "./AgentTile";
import { agentGrid } from "./layout";
import { countStates, selectAgents, sortAgents } from "./select";

export function AgentsView() {
  const { live, navigation, words } = useBoard();
  const { t, format } = useWords();
  const { agents, queues } = live.tables;
  const shown = useComputed(() => {
    queues.ids.value; // their names don't change
    const known = queues.ids.value.map((id) => queues.peek(id)).filter((queue) => queue !== undefined);
    return selectAgents(agents.all(), known, navigation.address.value);
  });
  // As text, so that tiles are moved and counts drawn only when these change.
  const order = useComputed(() => {
    const sorted = sortAgents(shown.value, navigation.address.value.sort, words.value.format.compareNames);
    return JSON.stringify(sorted.map((agent) => agent.id));
  });
  const counts = useComputed(() => JSON.stringify(countStates(shown.value)));
  const ids = JSON.parse(order.value) as string[];
  if (ids.length === 0) {
    return <p class="empty">{agents.ids.value.length === 0 ? t.agents.none : t.agents.noneChosen}</p>;
  }
  return (
    <div class="room">
      <div class="totals">
        <h2>{t.agents.count(ids.length, format.number(ids.length))}</h2>
        <StateBar counts={JSON.parse(counts.value)} label={t.queues.agents} />
      </div>
      <Filled label={t.shell.view.agents} class="agents" layout={(box) => agentGrid(ids.length, box)}>
        {ids.map((id) => {
          const cell = agents.cell(id);
          return cell && <AgentTile key={id} cell={cell} />;
        })}
      </Filled>
    </div>
  );
}
