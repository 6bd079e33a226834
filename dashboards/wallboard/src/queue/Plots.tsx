// A queue's day as plots, and in words for those who don't see them.

import { useComputed, useSignal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals-core";
import { useCallback, useEffect, useMemo } from "preact/hooks";
import { timers } from "../feed/browser";
import type { Queue } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "../shell/board";
import { DayTable } from "./DayTable";
import { fetchHistory, type Gap, liven, type Point } from "./history";
import { Keeper } from "./keeper";
import { PlotFigure } from "./PlotFigure";
import { plotsOf } from "./plots";
import { lastGaps } from "./series";

/** How often what runs is drawn on if nothing happens, s. */
const PACE = 15;

/** Of many gaps so many are told. */
const GAPS = 4;

export function Plots({ cell }: { readonly cell: ReadonlySignal<Queue> }) {
  const { ticker } = useBoard();
  const { t, format } = useWords();
  const keeper = useKeeper(cell);
  const hovered = useSignal<number | null>(null);
  const onHover = useCallback(
    (step: number | null) => {
      hovered.value = step;
    },
    [hovered],
  );
  const now = useComputed(() => Math.floor((ticker.second.value || 0) / PACE) * PACE);
  const target = useComputed(() => cell.value.today.service_level.target).value;
  // As text, so that nothing is drawn for what the plots don't show.
  const running = useComputed(() => {
    const { history, told } = keeper.state.value;
    const points = history === null || told === null ? [] : liven(history, told, cell.value, now.value);
    return JSON.stringify(points.slice(-1));
  }).value;
  const { history, failed } = keeper.state.value;
  const until = now.value;
  const [points, plots] = useMemo(() => {
    if (history === null) return [[], []];
    const last = JSON.parse(running) as Point[];
    const all = last.length === 0 ? history.points : history.points.slice(0, -1).concat(last);
    return [all, plotsOf({ history, points: all, now: until, target, t, format })];
  }, [history, running, until, target, t, format]);
  return (
    <section class="queueday" aria-label={t.queue.day}>
      <div class="dayhead">
        <h2>{t.queue.day}</h2>
        {history !== null && (
          <StepShown starts={points.map(({ start }) => start)} step={history.step} hovered={hovered} />
        )}
      </div>
      {failed && (
        <p class="failed" role="status">
          <Icon name="warning" />
          {t.queue.noHistory}
        </p>
      )}
      {history === null
        ? !failed && <p class="empty">{t.queue.loading}</p>
        : plots.map((plot) => <PlotFigure key={plot.id} plot={plot} hovered={hovered} onHover={onHover} />)}
      {history !== null && <Gaps gaps={history.gaps} />}
      {history !== null && <DayTable history={history} points={points} />}
    </section>
  );
}

interface StepProps {
  readonly starts: readonly number[];
  readonly step: number;
  readonly hovered: ReadonlySignal<number | null>;
}

/** Which step the numbers in the titles are of. */
function StepShown({ starts, step, hovered }: StepProps) {
  const { t, format } = useWords();
  const index = hovered.value;
  const start = index === null ? undefined : starts[Math.min(index, starts.length - 1)];
  return (
    <p class="stepshown">
      {start === undefined
        ? t.queue.latest
        : t.queue.stretch(format.hourAndMinute(start), format.hourAndMinute(start + step))}
    </p>
  );
}

function Gaps({ gaps }: { readonly gaps: readonly Gap[] }) {
  const { t, format } = useWords();
  if (gaps.length === 0) return null;
  const { gaps: told, more } = lastGaps(gaps, GAPS);
  const texts = told.map(({ start, end }) =>
    end === null
      ? t.shell.since(format.timeOfDay(start))
      : t.queue.stretch(format.timeOfDay(start), format.timeOfDay(end)),
  );
  return (
    <p class="gaps">
      <span class="hatch" aria-hidden="true" />
      <span>
        {t.queue.unseen}: {texts.join(", ")}
        {more > 0 && ` ${t.queue.earlier(more)}`}
      </span>
    </p>
  );
}

function useKeeper(cell: ReadonlySignal<Queue>): Keeper {
  const { live } = useBoard();
  const keeper = useMemo(
    () =>
      new Keeper(
        {
          ask: () => fetchHistory(cell.peek().id),
          figures: () => cell.peek().today,
          visible: () => !document.hidden,
        },
        timers,
      ),
    [cell],
  );
  useEffect(() => {
    const refresh = () => void keeper.refresh();
    document.addEventListener("visibilitychange", refresh);
    return () => {
      document.removeEventListener("visibilitychange", refresh);
      keeper.stop();
    };
  }, [keeper]);
  // At first, and when there is another server or the same one again.
  const run = useComputed(() => `${live.epoch.value} ${live.connection.value === "live"}`).value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run is the reason to ask
  useEffect(() => void keeper.refresh(), [keeper, run]);
  return keeper;
}
