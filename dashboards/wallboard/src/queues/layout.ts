// The grid of queue cards: with everything on them, or for many queues and phones with the figures in one line.

import { fillBox, type Grid, type Size } from "../layout/grid";

export type Density = "full" | "compact";

/** What a card needs, in units. */
const CARDS: Readonly<Record<Density, Size>> = {
  full: { width: 29, height: 17.2 },
  compact: { width: 25, height: 10.7 },
};
const LIMITS: Readonly<Record<Density, { least: number; most: number; gap: number }>> = {
  full: { least: 14, most: 60, gap: 14 },
  compact: { least: 11, most: 28, gap: 10 },
};

/** From this width on, px, it is no phone. */
const WIDE = 700;

export function queueGrid(count: number, box: Size): Grid & { readonly density: Density } {
  const full = fillBox(count, box, CARDS.full, LIMITS.full);
  if (!full.scrolls && box.width >= WIDE) return { ...full, density: "full" };
  return { ...fillBox(count, box, CARDS.compact, LIMITS.compact), density: "compact" };
}
