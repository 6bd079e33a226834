// The grid of tiles: with everything on them, or for hundreds with state, time and name alone.

import { fillBox, type Grid, type Size } from "../layout/grid";

export type Density = "full" | "compact";

/** What a tile needs, in units. */
const TILES: Readonly<Record<Density, Size>> = {
  full: { width: 12, height: 6.9 },
  compact: { width: 8.6, height: 3 },
};
const GAP = 8;
const MOST = 44;

/** The smallest letters of a full tile and of a compact one, px; on a wall, where one turns pages, bigger ones. */
const LEAST: Readonly<Record<Density, number>> = { full: 13, compact: 10.5 };
const LEAST_ON_WALL = 16;

/** Below this width, px, the tiles scroll, however few: a phone is looked at from near. */
const NARROW = 700;

export function agentGrid(count: number, box: Size, wall = false): Grid & { readonly density: Density } {
  const limits = { least: LEAST.full, most: MOST, gap: GAP };
  if (box.width < NARROW) {
    const grid = fillBox(count, { ...box, height: 0 }, TILES.full, limits);
    const seen = Math.max(1, Math.floor((box.height + GAP) / (grid.unit * TILES.full.height + GAP)));
    return { ...grid, fits: grid.columns * seen, density: "full" };
  }
  const full = fillBox(count, box, TILES.full, limits);
  if (!full.scrolls) return { ...full, density: "full" };
  const compact = fillBox(count, box, TILES.compact, {
    least: wall ? LEAST_ON_WALL : LEAST.compact,
    most: MOST,
    gap: GAP / 2,
  });
  return { ...compact, density: "compact" };
}
