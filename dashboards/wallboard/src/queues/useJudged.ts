// What is thought of a queue's figures now: looked at each second, drawn again only when it changes.

import { useComputed } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Queue } from "../feed/messages";
import { limitsOf } from "../settings";
import { useBoard } from "../shell/board";
import { type Alarm, alarmOf, type Judgement, judge } from "./judge";

export interface Judged extends Judgement {
  readonly alarm: Alarm | null;
  /** Since when the queue's source is not seen; `null`: it is. */
  readonly lost: number | null;
}

export function useJudged(cell: ReadonlySignal<Queue>): Judged {
  const { live, ticker, settings } = useBoard();
  // As text, which is equal if nothing changed.
  const judged = useComputed(() => {
    const queue = cell.value;
    const source = live.tables.sources.cell(queue.source);
    const lost = source !== undefined && source.value.state !== "up" ? source.value.since : null;
    const levels = judge(queue, limitsOf(settings.value, queue.id), ticker.second.value);
    const alarm = lost === null ? alarmOf(queue, levels) : null;
    const found: Judged = { ...levels, alarm, lost };
    return JSON.stringify(found);
  });
  return JSON.parse(judged.value) as Judged;
}
