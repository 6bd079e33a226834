// Draws the plots. Loaded when a queue's page is opened: only there is uPlot needed.

import uPlot from "uplot";
import type { PlotData } from "./plots";

export interface Chart {
  update(data: PlotData): void;
  resize(width: number, height: number): void;
  destroy(): void;
}

/** Room for the numbers beside a plot, px: the same for all, so that they stand under one another. */
const BESIDE = 46;
const BELOW = 26;
/** A line at the highest tick is not cut off. */
const HEADROOM = 1.03;
/** Between the stripes of a stretch that wasn't seen, px. */
const STRIPE = 7;

/** Draw into an element that has a size. Colours are what the style sheet says now. */
export function chart(place: HTMLElement, first: PlotData, hovered: (index: number | null) => void): Chart {
  let data = first;
  const style = getComputedStyle(place);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const font = `600 ${Math.round(Number.parseFloat(style.fontSize))}px ${style.fontFamily}`;
  const soft = colour("soft");
  const grid = { stroke: colour("line"), width: 1 };

  const plot = new uPlot(
    {
      width: place.clientWidth,
      height: place.clientHeight,
      padding: [10, 24, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { setScale: false, x: false, y: false },
        sync: { key: "queue", scales: ["x", null] },
        // A step is meant from its start to its end.
        dataIdx: (self, _series, closest, at) => {
          const start = self.data[0][closest];
          return start !== undefined && start > at && closest > 0 ? closest - 1 : closest;
        },
      },
      scales: {
        x: { time: false, range: () => [data.range.min, data.range.max] },
        y: { range: () => [0, (data.ticks[data.ticks.length - 1] || 1) * HEADROOM] },
      },
      axes: [
        {
          font,
          stroke: soft,
          grid,
          ticks: { show: false },
          size: BELOW,
          gap: 6,
          splits: (self) => Array.from(data.timeTicks(self.bbox.width / devicePixelRatio)),
          values: (_, splits) => splits.map(data.timeText),
        },
        {
          font,
          stroke: soft,
          grid,
          ticks: { show: false },
          size: BESIDE,
          gap: 8,
          splits: () => Array.from(data.ticks),
          values: (_, splits) => splits.map(data.tickText),
        },
      ],
      series: [{}, ...first.series.map(({ name, kind }) => look(kind, colour(`series-${name}`)))],
      hooks: {
        drawClear: [(self) => unseen(self, data, soft)],
        draw: [(self) => mark(self, data, colour("text"))],
        setCursor: [
          (self) => {
            const { idx, left } = self.cursor;
            hovered(left === undefined || left < 0 || idx === undefined ? null : idx);
          },
        ],
      },
    },
    columns(first),
    place,
  );
  let alive = true;
  // What is written before the font has come is written anew.
  void document.fonts.ready.then(() => {
    if (alive) plot.redraw(false, true);
  });
  return {
    update: (next) => {
      data = next;
      plot.setData(columns(next));
    },
    resize: (width, height) => plot.setSize({ width, height }),
    destroy: () => {
      alive = false;
      plot.destroy();
    },
  };
}

const columns = ({ starts, series }: PlotData): uPlot.AlignedData =>
  [starts, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData;

function look(kind: PlotData["series"][number]["kind"], colour: string): uPlot.Series {
  const { bars, stepped } = uPlot.paths;
  if (bars === undefined || stepped === undefined) throw new Error("uPlot is not whole");
  const points = { show: false };
  switch (kind) {
    case "bars":
      return {
        points,
        stroke: colour,
        fill: colour,
        width: 0,
        paths: bars({ size: [0.78, 40], align: 1 }),
      };
    case "area":
      return {
        points,
        stroke: colour,
        fill: colour,
        width: 0,
        paths: stepped({ align: 1 }),
      };
    case "line":
      return { points, stroke: colour, width: 2.5, paths: stepped({ align: 1 }) };
  }
}

/** Stripe what the service could not see. */
function unseen({ ctx, bbox, valToPos }: uPlot, { unseen }: PlotData, colour: string): void {
  const right = bbox.left + bbox.width;
  for (const { min, max } of unseen) {
    const from = Math.max(valToPos(min, "x", true), bbox.left);
    const to = Math.min(valToPos(max, "x", true), right);
    if (to <= from) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(from, bbox.top, to - from, bbox.height);
    ctx.clip();
    ctx.globalAlpha = 0.55;
    ctx.strokeStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    for (let x = from - bbox.height; x < to; x += STRIPE * devicePixelRatio) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }
}

/** The target as a dashed line. */
function mark({ ctx, bbox, valToPos }: uPlot, { target }: PlotData, colour: string): void {
  if (target === null) return;
  const y = Math.round(valToPos(target, "y", true));
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
