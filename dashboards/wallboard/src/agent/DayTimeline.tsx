// The day as lanes of coloured bars over the hours; each span can be pointed at, or reached with the arrow keys.

import { computed, type ReadonlySignal } from "@preact/signals-core";
import { useMemo, useState } from "preact/hooks";
import { StateName } from "../icons/StateName";
import { useBox } from "../layout/useBox";
import { useBoard, useWords } from "../shell/board";
import { Duration } from "../time/Duration";
import { type Axis, axisOf, midnightBefore } from "./axis";
import { dayBegins, type Span, spanAt, spanNear } from "./day";
import { type Box, barOf, LANES, laneOf, pathsOf } from "./lanes";
import { spanAbout, spanSentence, stateWord } from "./words";

/** Room that an hour's label needs, px, and how far beside a bar a finger still means it. */
const LABEL = 84;
const REACH = 6;

interface Props {
  readonly spans: ReadonlySignal<readonly Span[]>;
  readonly dayStart: number;
  readonly queueName: (id: string) => string;
}

export function DayTimeline({ spans, dayStart, queueName }: Props) {
  const { ticker } = useBoard();
  const { t, format } = useWords();
  const [place, box] = useBox<HTMLDivElement>();
  // The start of the span that is looked at: it may get another position when the day is read anew.
  const [picked, pick] = useState<number | null>(null);
  const all = spans.value;
  const midnight = midnightBefore(dayStart, format.timeOfDay(dayStart));
  const most = box === null ? 6 : Math.floor(box.width / LABEL);
  // Changes once a step, not once a second.
  const axisNow = useMemo(
    () =>
      computed(() => {
        const now = ticker.second.value === null ? dayStart : ticker.second.value;
        return JSON.stringify(axisOf(dayBegins(spans.value, dayStart), now, midnight, most));
      }),
    [ticker, spans, dayStart, midnight, most],
  );
  const axisText = axisNow.value;
  const axis = useMemo(() => JSON.parse(axisText) as Axis, [axisText]);
  const now = () => {
    const second = ticker.second.peek();
    return second === null ? dayStart : second;
  };
  const index = picked === null ? all.length - 1 : spanAt(all, picked);
  const shown = all[index];

  const point = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const rect = event.currentTarget.getBoundingClientRect();
    const perPixel = (axis.to - axis.from) / rect.width;
    const time = axis.from + (event.clientX - rect.left) * perPixel;
    const lane = Math.floor(((event.clientY - rect.top) / rect.height) * LANES.length);
    const found = all[spanNear(all, Math.min(time, now()), LANES[lane] || [], REACH * perPixel)];
    pick(found === undefined ? null : found.start);
  };
  const press = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: index - 1,
      ArrowDown: index - 1,
      ArrowRight: index + 1,
      ArrowUp: index + 1,
      PageDown: index - 10,
      PageUp: index + 10,
      Home: 0,
      End: all.length - 1,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const found = all[Math.max(0, Math.min(next, all.length - 1))];
    if (found !== undefined) pick(found.start);
  };

  return (
    <>
      <p class="spancaption">
        <span class="heading">{t.agent.day}</span>
        {shown !== undefined && (
          <>
            <StateName state={shown.state} word={stateWord(shown, t)} />
            <span class="lasted">
              <Duration key={shown.start} since={shown.start} until={shown.end} />
            </span>
            <span class="period">
              {format.timeOfDay(shown.start)} –{" "}
              {shown.end === null ? t.agent.now : format.timeOfDay(shown.end)}
            </span>
            <span class="subject">{spanAbout(shown, t, queueName)}</span>
          </>
        )}
      </p>
      <div class="timeline">
        <ul class="lanenames" aria-hidden="true">
          {LANES.map((states) => (
            <li key={states[0]}>
              {states.map((state, position) => (
                <span key={state} class={position > 0 ? "second" : undefined}>
                  <StateName state={state} word={t.state[state]} />
                </span>
              ))}
            </li>
          ))}
        </ul>
        <div
          class="lanes"
          ref={place}
          role="slider"
          tabIndex={0}
          aria-label={t.agent.dayHint}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, all.length - 1)}
          aria-valuenow={Math.max(0, index)}
          aria-valuetext={shown === undefined ? undefined : spanSentence(shown, now(), t, format, queueName)}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={(event) => {
            if (event.pointerType === "mouse") pick(null);
          }}
          onKeyDown={press}
        >
          {box !== null && box.width > 0 && (
            <svg width={box.width} height={box.height} aria-hidden="true" focusable="false">
              <Grid axis={axis} box={box} />
              <Bars spans={all} axis={axis} box={box} />
              <Running spans={spans} axis={axis} box={box} />
              {picked !== null && shown !== undefined && (
                <Marker span={shown} now={now()} axis={axis} box={box} />
              )}
            </svg>
          )}
        </div>
        <Hours axis={axis} />
      </div>
    </>
  );
}

interface Drawn {
  readonly axis: Axis;
  readonly box: Box;
}

function Grid({ axis, box }: Drawn) {
  const lane = box.height / LANES.length;
  const scale = box.width / (axis.to - axis.from);
  return (
    <>
      {LANES.map((states, index) => (
        <rect key={states[0]} class="track" x={0} y={index * lane + 1} width={box.width} height={lane - 2} />
      ))}
      {axis.ticks.map((tick) => (
        <path key={tick} class="tick" d={`M${(tick - axis.from) * scale} 0v${box.height}`} />
      ))}
    </>
  );
}

/** What has ended: one path per state. */
function Bars({ spans, axis, box }: Drawn & { readonly spans: readonly Span[] }) {
  const paths = useMemo(() => pathsOf(spans, axis, box), [spans, axis, box]);
  return (
    <>
      <Hatch />
      {Array.from(paths, ([state, path]) => (
        <g key={state} data-state={state}>
          <path class="bar" d={path} />
          {isSecond(state) && <path d={path} fill="url(#hatch)" />}
        </g>
      ))}
    </>
  );
}

/** What runs grows with each second; a line says where now is. */
function Running({ spans, axis, box }: Drawn & { readonly spans: ReadonlySignal<readonly Span[]> }) {
  const { ticker } = useBoard();
  const second = ticker.second.value;
  const last = spans.value[spans.value.length - 1];
  if (second === null) return null;
  const bar = last !== undefined && last.end === null ? barOf(last, second, axis, box) : null;
  const x = ((second - axis.from) / (axis.to - axis.from)) * box.width;
  return (
    <>
      {last !== undefined && bar !== null && (
        <g data-state={last.state}>
          <rect class="bar" {...bar} />
          {isSecond(last.state) && <rect {...bar} fill="url(#hatch)" />}
        </g>
      )}
      <path class="now" d={`M${x} 0v${box.height}`} />
    </>
  );
}

function Marker({ span, now, axis, box }: Drawn & { readonly span: Span; readonly now: number }) {
  const { x, y, width, height } = barOf(span, now, axis, box);
  return <rect class="marker" x={x - 3} y={y - 3} width={width + 6} height={height + 6} rx={3} />;
}

function Hatch() {
  return (
    <pattern id="hatch" width={7} height={7} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="stripe" width={3} height={7} />
    </pattern>
  );
}

function isSecond(state: Span["state"]): boolean {
  const states = LANES[laneOf(state)];
  return states !== undefined && states[0] !== state;
}

function Hours({ axis }: { readonly axis: Axis }) {
  const { format } = useWords();
  return (
    <p class="hours" aria-hidden="true">
      {axis.ticks.map((tick) => (
        <span
          key={tick}
          class="hour"
          style={{ left: `${(100 * (tick - axis.from)) / (axis.to - axis.from)}%` }}
        >
          {format.hourAndMinute(tick)}
        </span>
      ))}
    </p>
  );
}
