// The words about an agent, besides name and state.

import type { Agent, AgentState } from "../feed/messages";
import type { Catalogue } from "../i18n/catalogue";

/** What the state is about: the reason, or the queue (else the kind of call) and the other side. */
export function detailOf(agent: Agent, t: Catalogue, queueName: (id: string) => string): string {
  if (agent.state === "unknown" && agent.last_state !== null) {
    return t.agents.was(t.state[agent.last_state].toLowerCase());
  }
  if (agent.state === "paused") return agent.reason || "";
  if (agent.call === null) return "";
  const { queue, direction, party } = agent.call;
  const kind = queue === null ? t.direction[direction] : queueName(queue);
  return party === null ? kind : `${kind} · ${party}`;
}

/** States beside which a pause is not worth a word, or not certain. */
const SAYS_ENOUGH: ReadonlySet<AgentState> = new Set<AgentState>(["paused", "offline", "unknown"]);

/** What the person decided, where the state doesn't tell it already. */
export function markOf(agent: Agent, t: Catalogue): string {
  if (agent.do_not_disturb) return t.agents.doNotDisturb;
  const { paused, reason } = agent.presence;
  if (!paused || SAYS_ENOUGH.has(agent.state)) return "";
  return reason === null ? t.agents.pausedToo : `${t.agents.pausedToo}: ${reason}`;
}
