// Screens that show the same for months keep its shadow: everything moves by a pixel each minute, and comes everywhere.

/** How far from the middle, px; style/tv.css leaves so much room around. */
export const FARTHEST = 4;

export interface Shift {
  readonly x: number;
  readonly y: number;
}

/** To and fro between -farthest and farthest, one step at a time. */
function sway(step: number, farthest: number): number {
  const way = 4 * farthest;
  const at = (((step + farthest) % way) + way) % way;
  return at <= 2 * farthest ? at - farthest : 3 * farthest - at;
}

/** Where everything stands in a minute. The two ways differ in length: in time each place is reached. */
export function shiftAt(minute: number): Shift {
  return { x: sway(minute, FARTHEST), y: sway(minute, FARTHEST - 1) };
}

/** To whole pixels of a screen that has `ratio` of them per px: between two of them letters blur. */
export function whole(px: number, ratio: number): number {
  return Math.trunc(px * ratio) / ratio;
}
