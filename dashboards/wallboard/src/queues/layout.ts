// The grid of queue cards.

import { fillBox, type Grid, type Size } from "../layout/grid";

/** What a card needs, in units. */
const CARD: Size = { width: 24, height: 15.2 };
const LIMITS = { least: 10.5, most: 44, gap: 14 };

export function queueGrid(count: number, box: Size): Grid {
  return fillBox(count, box, CARD, LIMITS);
}
