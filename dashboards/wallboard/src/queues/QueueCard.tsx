// A queue: who waits and how long, how well it is served, who serves it.

import { useComputed } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals-core";
import type { ComponentChildren } from "preact";
import type { Queue } from "../feed/messages";
import { NOTHING } from "../i18n/format";
import { LevelSign } from "../icons/LevelSign";
import { limitsOf } from "../settings";
import { useBoard, useWords } from "../shell/board";
import { type Level, worst } from "../thresholds";
import { Duration } from "../time/Duration";
import { judge } from "./judge";
import { StateBar } from "./StateBar";

const LEVELS = ["waiting", "longest", "serviceLevel", "abandoned"] as const;

export function QueueCard({ cell }: { readonly cell: ReadonlySignal<Queue> }) {
  const { live, ticker, settings } = useBoard();
  const { t, format } = useWords();
  const queue = cell.value;
  // A source changes with every event; its card only when what it tells is no longer known.
  const lost = useComputed(() => {
    const source = live.tables.sources.cell(cell.value.source);
    return source !== undefined && source.value.state !== "up" ? source.value.since : null;
  }).value;
  // Looked at each second, drawn again only when a level changes.
  const judged = useComputed(() => {
    const levels = judge(cell.value, limitsOf(settings.value, cell.value.id), ticker.second.value);
    return LEVELS.map((key) => levels[key]).join();
  });
  const [waiting = "ok", longest = "ok", serviceLevel = "ok", abandoned = "ok"] = judged.value.split(
    ",",
  ) as Level[];
  const { today } = queue;
  const { service_level: level } = today;
  const seconds = format.number(level.threshold);
  return (
    <li
      class="queue"
      data-queue={queue.id}
      data-level={worst([waiting, longest])}
      data-truth={lost === null ? "live" : "lost"}
    >
      <h2>{queue.name}</h2>
      <dl>
        <Figure name="waiting" label={t.queues.waiting} level={waiting} room={2}>
          {format.number(queue.waiting)}
        </Figure>
        <Figure name="longest" label={t.queues.longest} level={longest}>
          {queue.longest_wait_since === null ? (
            NOTHING
          ) : (
            <Duration since={queue.longest_wait_since} until={lost} />
          )}
        </Figure>
        <Figure
          name="service"
          label={t.queues.level}
          level={serviceLevel}
          note={
            level.target === null
              ? t.queues.inTime(seconds)
              : t.queues.target(format.percent(level.target), seconds)
          }
          title={t.queues.within(format.number(level.met), format.number(level.of), seconds)}
        >
          {format.percent(level.value)}
        </Figure>
        <Figure name="answered" label={t.queues.answered} level="ok">
          {format.number(today.answered)}
        </Figure>
        <Figure
          name="abandoned"
          label={t.queues.abandoned}
          level={abandoned}
          note={today.short_abandoned > 0 ? t.queues.short(today.short_abandoned) : ""}
        >
          {format.number(today.abandoned)}
        </Figure>
      </dl>
      <StateBar counts={queue.agents} label={t.queues.agents} />
    </li>
  );
}

interface FigureProps {
  readonly name: string;
  readonly label: string;
  readonly level: Level;
  readonly note?: string;
  readonly title?: string;
  /** How many characters have room; longer values are written smaller. */
  readonly room?: number;
  readonly children: ComponentChildren;
}

/** The sign stands by the label: numbers don't move when a level changes. */
function Figure({ name, label, level, note = "", title, room = 5, children }: FigureProps) {
  const long = typeof children === "string" && children.length > room;
  return (
    <div class={`figure ${name}`} data-level={level} title={title}>
      <dt>
        {label}
        <LevelSign level={level} />
      </dt>
      <dd class={children === NOTHING ? "value none" : "value"} data-long={long ? "" : undefined}>
        {children}
      </dd>
      {note !== "" && <dd class="note">{note}</dd>}
    </div>
  );
}
