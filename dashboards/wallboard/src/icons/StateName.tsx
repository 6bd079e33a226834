// A state: its sign on its colour, and its word.

import type { AgentState } from "../feed/messages";
import { Icon } from "./Icon";

export function StateName({ state, word }: { readonly state: AgentState; readonly word: string }) {
  return (
    <span class="statename" data-state={state}>
      <span class="badge">
        <Icon name={state} />
      </span>
      <span class="word">{word}</span>
    </span>
  );
}
