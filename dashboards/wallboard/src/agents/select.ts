// Which agents are shown, in which order, and how many are in each state.

import type { Address, Sort } from "../address";
import { AGENT_STATES, type Agent, type AgentState, type Queue } from "../feed/messages";
import { isWanted } from "../queues/select";

type Chosen = Pick<Address, "queues" | "teams" | "states">;

/** `queues`: all queues, to know them by the names that people give them. */
export function selectAgents(
  agents: readonly Agent[],
  queues: readonly Queue[],
  { queues: wanted, teams, states }: Chosen,
): readonly Agent[] {
  const ids = new Set(queues.filter((queue) => isWanted(queue, wanted)).map((queue) => queue.id));
  const team = teams.map((name) => name.toLowerCase());
  return agents.filter(
    (agent) =>
      (wanted.length === 0 || agent.queues.some(({ queue }) => ids.has(queue))) &&
      (team.length === 0 || (agent.team !== null && team.indexOf(agent.team.toLowerCase()) >= 0)) &&
      (states.length === 0 || states.indexOf(agent.state) >= 0),
  );
}

/** "state": in the order of the states, in each those who are in it longest; "time": those longest in theirs. */
export function sortAgents(
  agents: readonly Agent[],
  sort: Sort,
  compareNames: (a: string, b: string) => number,
): readonly Agent[] {
  const name = (a: Agent, b: Agent) => compareNames(a.name, b.name) || (a.id < b.id ? -1 : 1);
  const time = (a: Agent, b: Agent) => a.since - b.since || name(a, b);
  const state = (a: Agent, b: Agent) =>
    AGENT_STATES.indexOf(a.state) - AGENT_STATES.indexOf(b.state) || time(a, b);
  return agents.slice().sort({ name, time, state }[sort]);
}

export function countStates(agents: readonly Agent[]): Readonly<Record<AgentState, number>> {
  const counts = {} as Record<AgentState, number>;
  for (const state of AGENT_STATES) counts[state] = 0;
  for (const agent of agents) counts[agent.state] += 1;
  return counts;
}
