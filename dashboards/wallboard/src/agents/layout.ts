// The grid of tiles: with everything on them, or for hundreds with state, time and name alone.

import { fillBox, type Grid, type Size } from "../layout/grid";

export type Density = "full" | "compact";

/** What a tile needs, in units. */
const TILES: Readonly<Record<Density, Size>> = {
  full: { width: 12, height: 6.8 },
  compact: { width: 8.6, height: 3 },
};
const GAP = 8;
const MOST = 32;

/** The smallest letters of a full tile and of a compact one, px. */
const LEAST: Readonly<Record<Density, number>> = { full: 13, compact: 10.5 };

export function agentGrid(count: number, box: Size): Grid & { readonly density: Density } {
  const full = fillBox(count, box, TILES.full, { least: LEAST.full, most: MOST, gap: GAP });
  // A phone scrolls through tiles that say everything: only a wide screen is looked at from afar.
  if (!full.scrolls || box.width < 700) return { ...full, density: "full" };
  const compact = fillBox(count, box, TILES.compact, { least: LEAST.compact, most: MOST, gap: GAP / 2 });
  return { ...compact, density: "compact" };
}
