// The words about an agent, besides name and state.

import type { Agent, AgentState, Direction } from "../feed/messages";
import type { Catalogue } from "../i18n/catalogue";

export interface About {
  /** Which way the call goes, if there is one. */
  readonly direction: Direction | null;
  /** The queue, else the kind of call; the reason of a pause; the state before the source was lost. */
  readonly text: string;
  /** The other side's number. */
  readonly party: string;
}

const SILENT: About = { direction: null, text: "", party: "" };

/** What the state is about. */
export function aboutOf(agent: Agent, t: Catalogue, queueName: (id: string) => string): About {
  if (agent.state === "unknown") {
    const last = agent.last_state;
    return last === null ? SILENT : { ...SILENT, text: t.agents.was(t.state[last].toLowerCase()) };
  }
  if (agent.state === "paused") return { ...SILENT, text: agent.reason || "" };
  if (agent.call === null) return SILENT;
  const { queue, direction, party } = agent.call;
  return {
    direction,
    text: queue === null ? t.direction[direction] : queueName(queue),
    party: party || "",
  };
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
