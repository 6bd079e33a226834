// The plots of a queue's day: what each shows, in the words of the language.

import type { Catalogue } from "../i18n/catalogue";
import { type Format, NOTHING } from "../i18n/format";
import { countTicks, midnightOf, timeTicks } from "./axis";
import type { History, Point } from "./history";
import { GROUPS, groupValues, type Range, rangeOf, rollingLevel, stacked, unseen } from "./series";

/** Each has its colour in style/queue.css. */
export type SeriesName = "waiting" | "answered" | "abandoned" | "level" | (typeof GROUPS)[number];

type Values = readonly (number | null)[];

export interface Series {
  readonly name: SeriesName;
  readonly kind: "bars" | "area" | "line";
  /** Of one more than there are steps: where the last one ends. */
  readonly values: Values;
}

export interface PlotData {
  readonly starts: readonly number[];
  readonly range: Range;
  /** Stretches of time that the service could not see, or not whole. */
  readonly unseen: readonly Range[];
  /** In the order in which they are drawn. */
  readonly series: readonly Series[];
  /** Of the upright axis, the highest last. */
  readonly ticks: readonly number[];
  readonly tickText: (value: number) => string;
  /** `width`: px. */
  readonly timeTicks: (width: number) => readonly number[];
  readonly timeText: (at: number) => string;
  readonly target: number | null;
}

export interface Key {
  readonly name: SeriesName | "target";
  readonly label: string;
  /** By step. */
  readonly texts: readonly string[];
}

export interface Plot {
  readonly id: "waiting" | "calls" | "level" | "agents";
  readonly title: string;
  readonly keys: readonly Key[];
  readonly data: PlotData;
}

/** Pixels that a time of day needs on the axis. */
const TIME_WIDTH = 72;

interface About {
  readonly history: History;
  /** Those of the history, the last one live. */
  readonly points: readonly Point[];
  /** Unix seconds. */
  readonly now: number;
  readonly target: number | null;
  readonly t: Catalogue;
  readonly format: Format;
}

export function plotsOf({ history, points, now, target, t, format }: About): readonly Plot[] {
  const { step, day_start } = history;
  const range = rangeOf({ ...history, points });
  const midnight = midnightOf(day_start, format.hourAndMinute(day_start));
  const starts = points.map(({ start }) => start);
  const last = starts[starts.length - 1];
  const end = last === undefined ? range.max : last + step;
  const common = {
    range,
    unseen: unseen(points, step),
    target: null,
    tickText: (value: number) => format.number(value),
    timeTicks: (width: number) => timeTicks(range, Math.max(2, width / TIME_WIDTH), midnight),
    timeText: (at: number) => format.hourAndMinute(at),
  };
  // A step lasts until the next one; the running one until now. A bar is told where the next one would be.
  const running = last === undefined ? end : Math.min(Math.max(now, last + 1), end);
  const lasting = { ...common, starts: starts.concat(running) };
  const single = { ...common, starts: starts.concat(end) };
  const drawn = (name: SeriesName, kind: Series["kind"], values: Values): Series => {
    const after = kind === "bars" ? null : values[values.length - 1];
    return { name, kind, values: values.concat(after === undefined ? null : after) };
  };
  const key = (name: Key["name"], label: string, values: Values): Key => ({
    name,
    label,
    texts: values.map((value) => format.number(value)),
  });

  const waiting = points.map((point) => point.waiting);
  const answered = points.map((point) => point.answered);
  const abandoned = points.map((point) => point.abandoned);
  const calls = stacked([answered, abandoned]);
  const level = rollingLevel(points);
  const groups = GROUPS.map((group) => groupValues(points, group));
  const members = stacked(groups);
  // Who can't be seen is worth a word only if there is somebody.
  const told = GROUPS.map((name, index) => ({ name, values: groups[index] || [] })).filter(
    ({ name, values }) => name !== "unknown" || values.some((value) => value !== null && value > 0),
  );
  return [
    {
      id: "waiting",
      title: t.queue.plots.waiting,
      keys: [key("waiting", t.queue.highest, waiting)],
      data: {
        ...lasting,
        series: [drawn("waiting", "area", waiting)],
        ticks: countTicks(highest(waiting)),
      },
    },
    {
      id: "calls",
      title: t.queue.plots.calls,
      keys: [key("answered", t.queues.answered, answered), key("abandoned", t.queues.abandoned, abandoned)],
      data: {
        ...single,
        series: [drawn("abandoned", "bars", calls[1] || []), drawn("answered", "bars", calls[0] || [])],
        ticks: countTicks(highest(calls[1] || [])),
      },
    },
    {
      id: "level",
      title: t.queue.plots.level,
      keys: [
        { name: "level", label: t.queue.rolling, texts: level.map((value) => format.percent(value)) },
        ...(target === null
          ? []
          : [
              {
                name: "target" as const,
                label: t.queue.target,
                texts: points.map(() => format.percent(target)),
              },
            ]),
      ],
      data: {
        ...lasting,
        series: [drawn("level", "line", level)],
        ticks: [0, 0.5, 1],
        tickText: (value) => format.percent(value),
        target,
      },
    },
    {
      id: "agents",
      title: t.queue.plots.agents,
      keys: told.map(({ name, values }) => key(name, t.queue.groups[name], values)),
      data: {
        ...lasting,
        series: GROUPS.map((name, index) => drawn(name, "area", members[index] || [])).reverse(),
        ticks: countTicks(highest(members[members.length - 1] || [])),
      },
    },
  ];
}

function highest(values: Values): number {
  return values.reduce<number>((most, value) => (value !== null && value > most ? value : most), 0);
}

/** What a key says of a step; of the last one if none is meant. */
export function textOf({ texts }: Key, step: number | null): string {
  const found = texts[step === null ? texts.length - 1 : Math.min(step, texts.length - 1)];
  return found === undefined ? NOTHING : found;
}
