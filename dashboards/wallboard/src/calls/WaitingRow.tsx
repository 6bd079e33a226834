// A caller who waits: the place in the queue, which queue, who, and how long.

import { useComputed } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Call } from "../feed/messages";
import { LevelSign } from "../icons/LevelSign";
import { localName } from "../queues/select";
import { limitsOf } from "../settings";
import { useBoard, useWords } from "../shell/board";
import { levelOf } from "../thresholds";
import { Duration } from "../time/Duration";
import { isWaiting, type Waiting } from "./select";

interface Props {
  readonly cell: ReadonlySignal<Call>;
  /** The caller as first seen: who no longer waits is about to leave the list. */
  readonly first: Waiting;
}

export function WaitingRow({ cell, first }: Props) {
  const { live, ticker, settings } = useBoard();
  const { t } = useWords();
  const waiting = useComputed(() => (isWaiting(cell.value) ? cell.value : first));
  const call = waiting.value;
  const queue = live.tables.queues.peek(call.queue); // names don't change; the queue's figures do all the time
  const lost = useComputed(() => {
    const source = live.tables.sources.cell(cell.value.source);
    return source !== undefined && source.value.state !== "up" ? source.value.since : null;
  });
  // Looked at each second, drawn again only when the level changes.
  const level = useComputed(() => {
    const until = lost.value === null ? ticker.second.value : lost.value;
    const { queue, queued_at } = waiting.value;
    return levelOf(
      "longest_wait",
      until === null ? null : until - queued_at,
      limitsOf(settings.value, queue).longest_wait,
    );
  }).value;
  return (
    <li
      class="waitrow"
      data-call={call.id}
      data-level={level}
      data-truth={lost.value === null ? "live" : "lost"}
    >
      <span class="place">{call.position === null ? "" : t.calls.place(call.position)}</span>
      <span class="wait">
        <Duration since={call.queued_at} until={lost.value} />
        <LevelSign level={level} />
      </span>
      <span class="queuename">{queue ? queue.name : localName(call.queue)}</span>
      <span class="party">{call.party === null ? t.calls.withheld : call.party}</span>
    </li>
  );
}
