// The day as a table, latest first.

import type { ReadonlySignal } from "@preact/signals-core";
import { useState } from "preact/hooks";
import { duration } from "../i18n/format";
import { StateName } from "../icons/StateName";
import { useWords } from "../shell/board";
import { Duration } from "../time/Duration";
import type { Span } from "./day";
import { spanAbout, stateWord } from "./words";

/** Rows at first, and with each press of the button. */
const PAGE = 50;

interface Props {
  readonly spans: ReadonlySignal<readonly Span[]>;
  readonly queueName: (id: string) => string;
}

export function SpanTable({ spans, queueName }: Props) {
  const { t, format } = useWords();
  const [shown, setShown] = useState(PAGE);
  const all = spans.value;
  const rows = all.slice(Math.max(0, all.length - shown)).reverse();
  const rest = Math.min(all.length - rows.length, PAGE);
  return (
    <section class="panel spans" aria-label={t.agent.spans}>
      <h3>{t.agent.spans}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <div class="scroller" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.agent.from}</th>
              <th scope="col">{t.agent.to}</th>
              <th scope="col">{t.agent.length}</th>
              <th scope="col">{t.agents.state}</th>
              <th scope="col">{t.agent.about}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((span) => (
              <tr key={span.start}>
                <td>{format.timeOfDay(span.start)}</td>
                <td>{span.end === null ? t.agent.now : format.timeOfDay(span.end)}</td>
                <td class="length">
                  {span.end === null ? <Duration since={span.start} /> : duration(span.end - span.start)}
                </td>
                <td>
                  <StateName state={span.state} word={stateWord(span, t)} />
                </td>
                <td class="subject">{spanAbout(span, t, queueName)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rest > 0 && (
          <button type="button" class="action" onClick={() => setShown(shown + PAGE)}>
            {t.agent.more(format.number(rest))}
          </button>
        )}
      </div>
    </section>
  );
}
