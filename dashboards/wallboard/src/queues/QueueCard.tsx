// A queue: who waits and how long, how well it is served, who serves it.

import type { ReadonlySignal } from "@preact/signals-core";
import type { Queue } from "../feed/messages";
import { useWords } from "../shell/board";
import { Link } from "../shell/Link";
import { worst } from "../thresholds";
import { AlarmSign } from "./AlarmSign";
import { Figure } from "./Figure";
import { LongestWait, ServiceLevelFigure } from "./figures";
import { StateBar } from "./StateBar";
import { useJudged } from "./useJudged";

/** Longer names are written smaller, characters. */
const LONG_NAME = 22;

export function QueueCard({ cell }: { readonly cell: ReadonlySignal<Queue> }) {
  const { t, format } = useWords();
  const queue = cell.value;
  const judged = useJudged(cell);
  const { today } = queue;
  return (
    <li
      class="queue"
      data-queue={queue.id}
      data-level={worst([judged.waiting, judged.longest])}
      data-alarm={judged.alarm === null ? undefined : judged.alarm}
      data-truth={judged.lost === null ? "live" : "lost"}
    >
      <div class="cardhead">
        <h2 data-long={queue.name.length > LONG_NAME ? "" : undefined} title={queue.name}>
          <Link to={{ place: { kind: "queue", id: queue.id } }} class="whole">
            {queue.name}
          </Link>
        </h2>
        <AlarmSign alarm={judged.alarm} />
      </div>
      <dl>
        <Figure
          name="waiting"
          label={t.queues.waiting}
          level={judged.waiting}
          room={2}
          value={format.number(queue.waiting)}
        />
        <LongestWait queue={queue} judged={judged} />
        <ServiceLevelFigure level={today.service_level} judged={judged.serviceLevel} />
        <Figure name="answered" label={t.queues.answered} value={format.number(today.answered)} />
        <Figure
          name="abandoned"
          label={t.queues.abandoned}
          level={judged.abandoned}
          room={3}
          beside={
            today.abandoned > 0 && today.short_abandoned === today.abandoned
              ? t.queues.allShort(today.abandoned) // the share leaves them out, so it would look like a mistake
              : format.percent(today.abandonment_rate)
          }
          title={today.short_abandoned > 0 ? t.queues.short(today.short_abandoned) : undefined}
          value={format.number(today.abandoned)}
        />
      </dl>
      <StateBar counts={queue.agents} label={t.queues.agents} />
    </li>
  );
}
