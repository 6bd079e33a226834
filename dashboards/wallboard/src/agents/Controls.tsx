// Which agents are shown, and in which order: everything is written into the address.

import { useComputed } from "@preact/signals";
import { SORTS } from "../address";
import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "../shell/board";
import {
  chosenQueue,
  chosenTeam,
  isFiltered,
  NO_FILTERS,
  type Option,
  queueOptions,
  teamOptions,
} from "./filters";

export function Controls() {
  const { live, navigation, words } = useBoard();
  const { t } = useWords();
  const { queues, agents } = live.tables;
  const address = navigation.address.value;
  const known = queues.ids.value.map((id) => queues.peek(id)).filter((queue) => queue !== undefined);
  const offered = queueOptions(known, words.value.format.compareNames);
  // Names and teams don't change while an agent is there.
  const teams = useComputed(() =>
    JSON.stringify(
      teamOptions(
        agents.ids.value.map((id) => {
          const agent = agents.peek(id);
          return agent ? agent.team : null;
        }),
        words.value.format.compareNames,
      ),
    ),
  );
  const teamsOffered = JSON.parse(teams.value) as Option[];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset can't be laid out in a line in old browsers
    <div class="controls" role="group" aria-label={t.agents.controls}>
      <Choice
        label={t.agents.queue}
        all={t.agents.allQueues}
        options={offered}
        chosen={chosenQueue(address.queues, known, offered)}
        several={address.queues}
        choose={(value) => navigation.go({ queues: value === "" ? [] : [value] })}
      />
      {teamsOffered.length + address.teams.length > 0 && (
        <Choice
          label={t.agents.team}
          all={t.agents.allTeams}
          options={teamsOffered}
          chosen={chosenTeam(address.teams, teamsOffered)}
          several={address.teams}
          choose={(value) => navigation.go({ teams: value === "" ? [] : [value] })}
        />
      )}
      <Choice
        label={t.agents.sort}
        options={SORTS.map((sort) => ({ value: sort, text: t.agents.sorts[sort] }))}
        chosen={address.sort}
        several={[]}
        choose={(value) => navigation.go({ sort: SORTS.find((sort) => sort === value) || "state" })}
      />
      <button
        type="button"
        class="reset"
        hidden={!isFiltered(address)}
        onClick={() => navigation.go(NO_FILTERS)}
      >
        <Icon name="close" />
        {t.agents.reset}
      </button>
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  /** The text for no choice, where there need be none. */
  readonly all?: string;
  readonly options: readonly Option[];
  /** `null`: something that is none of the options. */
  readonly chosen: string | null;
  /** Told then. */
  readonly several: readonly string[];
  readonly choose: (value: string) => void;
}

const OTHER = "\u0000";

function Choice({ label, all, options, chosen, several, choose }: ChoiceProps) {
  return (
    <label class="choice" data-set={all !== undefined && chosen !== "" ? "" : undefined}>
      <span>{label}</span>
      <select
        value={chosen === null ? OTHER : chosen}
        onChange={(event) => {
          if (event.currentTarget.value !== OTHER) choose(event.currentTarget.value);
        }}
      >
        {chosen === null && <option value={OTHER}>{several.join(", ")}</option>}
        {all !== undefined && <option value="">{all}</option>}
        {options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
