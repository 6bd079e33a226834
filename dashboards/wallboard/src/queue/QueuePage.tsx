// A queue: how it is now, how its day was, who serves it and who waits.

import "../style/queue.css";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Queue } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { AlarmSign } from "../queues/AlarmSign";
import { Figure } from "../queues/Figure";
import { LongestWait, ServiceLevelFigure } from "../queues/figures";
import { StateBar } from "../queues/StateBar";
import { useJudged } from "../queues/useJudged";
import { useBoard, useWords } from "../shell/board";
import { Link } from "../shell/Link";
import { worst } from "../thresholds";
import { Callers } from "./Callers";
import { FiguresTable } from "./FiguresTable";
import { Members } from "./Members";
import { Plots } from "./Plots";

export function QueuePage({ id }: { readonly id: string }) {
  const { queues } = useBoard().live.tables;
  const { t } = useWords();
  queues.ids.value; // it may appear yet
  const cell = queues.cell(id);
  if (cell !== undefined) return <Page key={id} cell={cell} />;
  return (
    <div class="empty noqueue">
      <h2>{t.queue.missing(id)}</h2>
      <p>
        <Link to={{ place: { kind: "view", view: "overview" } }}>{t.queue.back}</Link>
      </p>
    </div>
  );
}

function Page({ cell }: { readonly cell: ReadonlySignal<Queue> }) {
  const { t, format } = useWords();
  const queue = cell.value;
  const judged = useJudged(cell);
  const { today } = queue;
  return (
    <div
      class="queuepage"
      data-queue={queue.id}
      data-level={worst([judged.waiting, judged.longest])}
      data-alarm={judged.alarm === null ? undefined : judged.alarm}
      data-truth={judged.lost === null ? "live" : "lost"}
    >
      <div class="queuetitle">
        <Link to={{ place: { kind: "view", view: "overview" } }} label={t.queue.back} class="up">
          <Icon name="back" />
        </Link>
        <h2>{queue.name}</h2>
        <AlarmSign alarm={judged.alarm} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: where it scrolls it must be reached by keyboard */}
      <section class="standing" aria-label={t.queue.today} tabIndex={0}>
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
        </dl>
        <StateBar counts={queue.agents} label={t.queues.agents} />
        <FiguresTable queue={queue} abandoned={judged.abandoned} />
      </section>
      <Plots cell={cell} />
      <div class="people">
        <Callers queue={queue.id} lost={judged.lost} />
        <Members queue={queue.id} />
      </div>
    </div>
  );
}
