// How many agents are in each state, as a bar: a segment per state with its sign, number and, where there is room, word.

import { AGENT_STATES, type AgentState } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { useWords } from "../shell/board";

interface Props {
  readonly counts: Readonly<Record<AgentState, number>>;
  readonly label: string;
}

export function StateBar({ counts, label }: Props) {
  const { t } = useWords();
  return (
    <ul class="statebar" aria-label={label}>
      {AGENT_STATES.filter((state) => counts[state] > 0).map((state) => (
        // A number that has no room makes no sense: every segment has some, the rest grows with the number.
        <li key={state} data-state={state} title={t.state[state]} style={{ flexGrow: counts[state] }}>
          <span class="count">
            <Icon name={state} />
            {counts[state]}
          </span>
          <span class="says"> {t.state[state]}</span>
        </li>
      ))}
    </ul>
  );
}
