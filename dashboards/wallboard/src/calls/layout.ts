// The rows of those who wait: one line each from afar, two on a phone.

import { fillBox, type Grid, type Size } from "../layout/grid";

type Density = "line" | "stacked";

/** What a row needs, in units. */
const ROWS: Readonly<Record<Density, Size>> = {
  line: { width: 34, height: 2.5 },
  stacked: { width: 20, height: 3.7 },
};
const LIMITS = { least: 15, most: 46, gap: 6 };

/** Room is made in steps: rows keep their size while callers come and go. */
const STEPS = [6, 8, 10, 12, 16, 20, 24, 32, 40, 56, 80];

export function waitingGrid(count: number, box: Size): Grid & { readonly density: Density } {
  const density: Density = box.width < 700 ? "stacked" : "line";
  const step = STEPS.find((candidate) => count <= candidate);
  const roomy = fillBox(step || count, box, ROWS[density], LIMITS);
  // Nobody scrolls to rows that aren't there.
  if (roomy.scrolls) return { ...fillBox(count, box, ROWS[density], LIMITS), density };
  return { ...roomy, density };
}
