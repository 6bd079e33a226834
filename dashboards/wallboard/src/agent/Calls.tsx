// What was done today, in numbers.

import type { ReadonlySignal } from "@preact/signals-core";
import type { Agent } from "../feed/messages";
import { useWords } from "../shell/board";
import type { Day } from "./day";

const COUNTS = ["answered", "missed", "outbound", "direct"] as const;

export function Calls({ cell, day }: { readonly cell: ReadonlySignal<Agent>; readonly day: Day | null }) {
  const { t, format } = useWords();
  const { today } = cell.value;
  const occupancy =
    day !== null && day.timeline.at > cell.value.since ? day.agent.today.occupancy : today.occupancy;
  const outcomes = Object.keys(today.outcomes).sort(format.compareNames);
  return (
    <>
      <h3>{t.agent.calls}</h3>
      <dl class="callfigures">
        {COUNTS.map((key) => (
          <div key={key} class={key}>
            <dt>{t.agent[key]}</dt>
            <dd>{format.number(today[key])}</dd>
          </div>
        ))}
        <div title={t.agent.occupancyMeans}>
          <dt>{t.agent.occupancy}</dt>
          <dd>{format.percent(occupancy)}</dd>
        </div>
      </dl>
      {outcomes.length > 0 && (
        <dl class="outcomes" aria-label={t.agent.outcomes}>
          {outcomes.map((outcome) => (
            <div key={outcome}>
              <dt>{outcome}</dt>
              <dd>{format.number(today.outcomes[outcome] || 0)}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}
