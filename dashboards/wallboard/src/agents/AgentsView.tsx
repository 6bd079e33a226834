// A tile per agent, how many are in each state, and what of it is shown.

import { useComputed } from "@preact/signals";
import type { Address } from "../address";
import { Filled } from "../layout/Filled";
import { useBoard, useWords } from "../shell/board";
import { AgentTile } from "./AgentTile";
import { Controls } from "./Controls";
import { isFiltered, NO_FILTERS } from "./filters";
import { agentGrid } from "./layout";
import { StateToggles } from "./StateToggles";
import { countStates, selectAgents, sortAgents } from "./select";

export function AgentsView() {
  const { live, navigation, ticker, words } = useBoard();
  const { t, format } = useWords();
  const { agents, queues } = live.tables;
  const address = navigation.address.value;
  const select = (chosen: Pick<Address, "queues" | "teams" | "states">) => {
    const known = queues.ids.value.map((id) => queues.peek(id)).filter((queue) => queue !== undefined);
    const all = agents.ids.value.map((id) => agents.peek(id)).filter((agent) => agent !== undefined);
    return selectAgents(all, known, chosen);
  };
  // The counts are true at once. Tiles change places once a second at most: nobody can follow more.
  const counts = useComputed(() => {
    agents.version.value;
    return JSON.stringify(countStates(select({ ...navigation.address.value, states: [] })));
  });
  const order = useComputed(() => {
    ticker.second.value;
    const { sort } = navigation.address.value;
    const sorted = sortAgents(select(navigation.address.value), sort, words.value.format.compareNames);
    return JSON.stringify(sorted.map((agent) => agent.id));
  });
  const ids = JSON.parse(order.value) as string[];
  const all = agents.ids.value.length;
  if (all === 0) return <p class="empty">{t.agents.none}</p>;
  return (
    <div class="room">
      <div class="totals">
        <h2>
          {ids.length === all
            ? t.agents.count(all, format.number(all))
            : t.agents.countOf(format.number(ids.length), all, format.number(all))}
        </h2>
        {!address.tv && <Controls />}
      </div>
      <StateToggles counts={JSON.parse(counts.value)} states={address.states} still={address.tv} />
      {ids.length === 0 ? (
        <Nobody />
      ) : (
        <Filled
          label={t.shell.view.agents}
          class="agents"
          layout={(box) => agentGrid(ids.length, box, address.tv)}
        >
          {ids.map((id) => {
            const cell = agents.cell(id);
            return cell && <AgentTile key={id} cell={cell} />;
          })}
        </Filled>
      )}
    </div>
  );
}

/** Says which filters let nobody through, and offers to drop them. */
function Nobody() {
  const { navigation } = useBoard();
  const { t } = useWords();
  const address = navigation.address.value;
  const { queues, teams, states } = address;
  const parts = [
    queues.length > 0 ? `${t.agents.queue}: ${queues.join(", ")}` : "",
    teams.length > 0 ? `${t.agents.team}: ${teams.join(", ")}` : "",
    states.length > 0 ? `${t.agents.state}: ${states.map((state) => t.state[state]).join(", ")}` : "",
  ];
  return (
    <div class="empty">
      <p>{t.agents.noneChosen}</p>
      <p class="filters">{parts.filter((part) => part !== "").join(" · ")}</p>
      {!address.tv && isFiltered(address) && (
        <button type="button" class="action" onClick={() => navigation.go(NO_FILTERS)}>
          {t.agents.reset}
        </button>
      )}
    </div>
  );
}
