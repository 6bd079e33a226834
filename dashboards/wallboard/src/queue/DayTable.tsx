// The day hour by hour in numbers: the same as the plots show.

import { useWords } from "../shell/board";
import { midnightOf } from "./axis";
import type { History, Point } from "./history";
import { hoursOf } from "./series";

interface Props {
  readonly history: History;
  readonly points: readonly Point[];
}

export function DayTable({ history, points }: Props) {
  const { t, format } = useWords();
  const midnight = midnightOf(history.day_start, format.hourAndMinute(history.day_start));
  return (
    <details class="inwords">
      <summary>{t.queue.table}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.queue.hour}</th>
            <th scope="col">{t.queue.highest}</th>
            <th scope="col">{t.queue.offered}</th>
            <th scope="col">{t.queues.answered}</th>
            <th scope="col">{t.queues.abandoned}</th>
            <th scope="col" title={t.queues.level}>
              {t.queues.levelShort}
            </th>
            <th scope="col">{t.queue.unseen}</th>
          </tr>
        </thead>
        <tbody>
          {hoursOf(points, midnight).map((hour) => (
            <tr key={hour.start}>
              <th scope="row">{format.hourAndMinute(hour.start)}</th>
              <td>{format.number(hour.waiting)}</td>
              <td>{format.number(hour.offered)}</td>
              <td>{format.number(hour.answered)}</td>
              <td>{format.number(hour.abandoned)}</td>
              <td>{format.percent(hour.level)}</td>
              <td>{hour.gap ? t.queue.partly : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
