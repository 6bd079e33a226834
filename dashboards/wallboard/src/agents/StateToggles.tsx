// How many agents are in each state; each a button that shows these alone.

import type { ComponentChildren } from "preact";
import { AGENT_STATES, type AgentState } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "../shell/board";
import { toggled } from "./filters";

interface Props {
  readonly counts: Readonly<Record<AgentState, number>>;
  /** Chosen in the address. */
  readonly states: readonly AgentState[];
  /** Nobody can press anything on a screen on the wall. */
  readonly still: boolean;
}

export function StateToggles({ counts, states, still }: Props) {
  const { navigation } = useBoard();
  const { t, format } = useWords();
  return (
    <ul class="statetoggles" aria-label={t.queues.agents}>
      {AGENT_STATES.map((state) => {
        const pressed = states.indexOf(state) >= 0;
        const content: ComponentChildren = (
          <>
            <span class="badge">
              <Icon name={state} />
            </span>
            <span class="number">{format.number(counts[state])}</span>
            <span class="word">{t.state[state]}</span>
          </>
        );
        return (
          <li key={state} data-state={state} data-none={counts[state] === 0 ? "" : undefined}>
            {still ? (
              <span class="toggle">{content}</span>
            ) : (
              <button
                type="button"
                class="toggle"
                aria-pressed={pressed}
                title={t.state[state]}
                onClick={() => navigation.go({ states: toggled(states, state) })}
              >
                {content}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
