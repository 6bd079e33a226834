// How long today in each state; the longest of them has the full bar.

import type { ReadonlySignal } from "@preact/signals-core";
import { AGENT_STATES, type Agent } from "../feed/messages";
import { duration, NOTHING } from "../i18n/format";
import { StateName } from "../icons/StateName";
import { useWords } from "../shell/board";
import { Duration } from "../time/Duration";
import { type Day, totalOf } from "./day";

export function StateTimes({
  cell,
  day,
}: {
  readonly cell: ReadonlySignal<Agent>;
  readonly day: Day | null;
}) {
  const { t } = useWords();
  const agent = cell.value;
  const totals = AGENT_STATES.map((state) => (day === null ? null : totalOf(state, day, agent)));
  const longest = totals.reduce((most, total) => Math.max(most, total === null ? 0 : total.seconds), 1);
  return (
    <>
      <h3>{t.agent.times}</h3>
      <dl class="statetimes">
        {AGENT_STATES.map((state, index) => {
          const total = totals[index] || null;
          const seconds = total === null ? 0 : total.seconds;
          return (
            <div
              key={state}
              data-state={state}
              data-none={seconds < 1 && (total === null || total.since === null) ? "" : undefined}
            >
              <dt>
                <StateName state={state} word={t.state[state]} />
              </dt>
              <dd>
                <span class="bar">
                  <span style={{ width: `${(100 * seconds) / longest}%` }} />
                </span>
                {total === null ? (
                  <span class="time">{NOTHING}</span>
                ) : total.since === null ? (
                  <span class="time">{duration(seconds)}</span>
                ) : (
                  <Duration since={total.since} until={total.until} />
                )}
              </dd>
            </div>
          );
        })}
      </dl>
    </>
  );
}
