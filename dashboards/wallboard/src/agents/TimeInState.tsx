// How long an agent has been in the state; with a sign and another ground when that is too long.

import { useComputed } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Agent } from "../feed/messages";
import { LevelSign } from "../icons/LevelSign";
import { useBoard } from "../shell/board";
import { levelOfState } from "../thresholds";
import { Duration } from "../time/Duration";

export function TimeInState({ cell }: { readonly cell: ReadonlySignal<Agent> }) {
  const { ticker, settings } = useBoard();
  // Looked at each second, drawn again only when the level changes.
  const level = useComputed(() => {
    const { state, since } = cell.value;
    const second = ticker.second.value;
    return second === null ? "ok" : levelOfState(state, second - since, settings.value.states);
  }).value;
  const since = useComputed(() => cell.value.since).value;
  return (
    <span class="lasting" data-level={level}>
      <LevelSign level={level} />
      <Duration since={since} />
    </span>
  );
}
