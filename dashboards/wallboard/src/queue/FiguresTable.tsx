// A queue's figures: today's, and those of the last 30 minutes beside them.

import type { Queue, QueueFigures } from "../feed/messages";
import { LevelSign } from "../icons/LevelSign";
import { useWords } from "../shell/board";
import type { Level } from "../thresholds";

export function FiguresTable({ queue, abandoned }: { readonly queue: Queue; readonly abandoned: Level }) {
  const { t, format } = useWords();
  const both = [queue.today, queue.last_30m] as const;
  const row = (label: string, text: (figures: QueueFigures) => string, level: Level = "ok") => (
    <tr key={label} data-level={level}>
      <th scope="row">
        {label}
        <LevelSign level={level} />
      </th>
      {both.map((figures, index) => (
        <td key={index}>{text(figures)}</td>
      ))}
    </tr>
  );
  return (
    <table class="figures">
      <thead>
        <tr>
          <td />
          <th scope="col">{t.queue.today}</th>
          <th scope="col">{t.queue.last30}</th>
        </tr>
      </thead>
      <tbody>
        {row(t.queue.offered, (figures) => format.number(figures.offered))}
        {row(t.queues.answered, (figures) => format.number(figures.answered))}
        {row(t.queues.abandoned, (figures) => format.number(figures.abandoned), abandoned)}
        {row(t.queue.short, (figures) => format.number(figures.short_abandoned))}
        {row(t.queue.share, (figures) => format.percent(figures.abandonment_rate))}
        {row(t.queues.level, (figures) => format.percent(figures.service_level.value))}
        {row(t.queue.averageWait, (figures) => format.duration(figures.average_wait))}
        {row(t.queue.longestWait, (figures) => format.duration(figures.longest_wait))}
        {row(t.queue.handleTime, (figures) => format.duration(figures.average_handle_time))}
        {row(t.queue.talkTime, (figures) => format.duration(figures.average_talk_time))}
      </tbody>
    </table>
  );
}
