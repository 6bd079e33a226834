// What the controls of the agents' view offer, and what of it is chosen.

import type { Address } from "../address";
import { AGENT_STATES, type AgentState, type Queue } from "../feed/messages";
import { isWanted, localName } from "../queues/select";

export interface Option {
  /** As the address says it. */
  readonly value: string;
  readonly text: string;
}

type Names = (a: string, b: string) => number;

/** The queues by their short names, where these are theirs alone. */
export function queueOptions(
  queues: readonly Pick<Queue, "id" | "name">[],
  compare: Names,
): readonly Option[] {
  const same = (name: string) => queues.filter((queue) => localName(queue.id) === name).length;
  return queues
    .map(({ id, name }) => {
      const short = localName(id);
      return same(short) === 1 ? { value: short, text: name } : { value: id, text: `${name} (${id})` };
    })
    .sort((a, b) => compare(a.text, b.text));
}

export function teamOptions(teams: readonly (string | null)[], compare: Names): readonly Option[] {
  const known = Array.from(new Set(teams)).filter((team): team is string => team !== null && team !== "");
  return known.sort(compare).map((team) => ({ value: team, text: team }));
}

/** The option that the wanted values mean; `null` if they are several, or none of the options. */
export function chosenQueue(
  wanted: readonly string[],
  queues: readonly Pick<Queue, "id" | "name">[],
  options: readonly Option[],
): string | null {
  if (wanted.length === 0) return "";
  const meant = queues.filter((queue) => isWanted(queue, wanted));
  const [only] = meant;
  if (wanted.length > 1 || meant.length > 1 || only === undefined) return null;
  const found = options.find(({ value }) => value === only.id || value === localName(only.id));
  return found === undefined ? null : found.value;
}

export function chosenTeam(wanted: readonly string[], options: readonly Option[]): string | null {
  const [only] = wanted;
  if (only === undefined) return "";
  const found = options.find(({ value }) => value.toLowerCase() === only.toLowerCase());
  return wanted.length > 1 || found === undefined ? null : found.value;
}

/** The wanted states with one more, or one less; all of them are as good as none. */
export function toggled(states: readonly AgentState[], state: AgentState): readonly AgentState[] {
  const has = states.indexOf(state) >= 0;
  const next = AGENT_STATES.filter((one) => (one === state ? !has : states.indexOf(one) >= 0));
  return next.length === AGENT_STATES.length ? [] : next;
}

export const NO_FILTERS: Pick<Address, "queues" | "teams" | "states"> = { queues: [], teams: [], states: [] };

export function isFiltered({ queues, teams, states }: typeof NO_FILTERS): boolean {
  return queues.length + teams.length + states.length > 0;
}
