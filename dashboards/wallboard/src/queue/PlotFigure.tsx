// A plot with its title, and what its colours mean and are now, or were in the step that the pointer is at.

import type { ReadonlySignal } from "@preact/signals-core";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useBox } from "../layout/useBox";
import { useBoard } from "../shell/board";
import { type Chart, chart as draw } from "./draw";
import { type Key, type Plot, textOf } from "./plots";

interface Props {
  readonly plot: Plot;
  /** The step that the pointer is at, in any plot. */
  readonly hovered: ReadonlySignal<number | null>;
  readonly onHover: (step: number | null) => void;
}

export function PlotFigure({ plot, hovered, onHover }: Props) {
  const { theme, words } = useBoard();
  const [place, box] = useBox<HTMLDivElement>();
  const chart = useRef<Chart | null>(null);
  const data = useRef(plot.data);
  data.current = plot.data;
  const looks = `${theme.value} ${words.value.language}`;
  const ready = box !== null && box.width > 0 && box.height > 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: other looks need another chart
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null || !ready) return;
    const made = draw(element, data.current, onHover);
    chart.current = made;
    return () => {
      chart.current = null;
      made.destroy();
    };
  }, [looks, ready, onHover]);
  useEffect(() => {
    if (chart.current !== null) chart.current.update(plot.data);
  }, [plot]);
  useEffect(() => {
    if (chart.current !== null && box !== null) chart.current.resize(box.width, box.height);
  }, [box]);

  return (
    <figure class="plot" data-plot={plot.id}>
      <figcaption>
        <h3>{plot.title}</h3>
        <ul class="keys">
          {plot.keys.map((key) => (
            <KeyItem key={key.name} of={key} hovered={hovered} />
          ))}
        </ul>
      </figcaption>
      <div class="canvas" ref={place} aria-hidden="true" />
    </figure>
  );
}

function KeyItem({ of, hovered }: { readonly of: Key; readonly hovered: ReadonlySignal<number | null> }) {
  return (
    <li data-series={of.name}>
      <span class="swatch" />
      {of.label} <span class="reading">{textOf(of, hovered.value)}</span>
    </li>
  );
}
