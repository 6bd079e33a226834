// Who waits in a queue, the next one first.

import { useComputed } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Call } from "../feed/messages";
import { NOTHING } from "../i18n/format";
import { useBoard, useWords } from "../shell/board";
import { Duration } from "../time/Duration";
import { callersOf } from "./select";

interface Props {
  readonly queue: string;
  /** Since when the queue's source is not seen. */
  readonly lost: number | null;
}

export function Callers({ queue, lost }: Props) {
  const { calls } = useBoard().live.tables;
  const { t, format } = useWords();
  const order = useComputed(() => JSON.stringify(callersOf(calls.all(), queue).map((call) => call.id)));
  const ids = JSON.parse(order.value) as string[];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: where it scrolls it must be reached by keyboard
    <section class="queuecallers" aria-label={t.queue.callers} tabIndex={0}>
      <h2>
        {t.queue.callers} <span class="count">{format.number(ids.length)}</span>
      </h2>
      {ids.length === 0 ? (
        <p class="nobody">{t.queue.noCallers}</p>
      ) : (
        <ol>
          {ids.map((id, index) => {
            const cell = calls.cell(id);
            return cell && <Caller key={id} cell={cell} place={index + 1} lost={lost} />;
          })}
        </ol>
      )}
    </section>
  );
}

interface CallerProps {
  readonly cell: ReadonlySignal<Call>;
  readonly place: number;
  readonly lost: number | null;
}

function Caller({ cell, place, lost }: CallerProps) {
  const { format } = useWords();
  const call = cell.value;
  return (
    <li class="queuecaller" data-call={call.id}>
      <span class="position">{format.number(call.position === null ? place : call.position)}</span>
      <span class="party">{call.party === null ? NOTHING : call.party}</span>
      <Duration since={call.queued_at === null ? call.started : call.queued_at} until={lost} />
    </li>
  );
}
