// Where nobody scrolls, what doesn't fit is shown page by page.

import type { ReadonlySignal } from "@preact/signals-core";
import { createContext } from "preact";
import type { Grid } from "./grid";

/** Who turns the pages: TV mode. */
export interface Paging {
  readonly page: ReadonlySignal<number>;
  /** Called with the number of pages whenever that changes. */
  readonly pages: (count: number) => void;
}

/** `null`: there is somebody who scrolls. */
export const PagingContext = createContext<Paging | null>(null);

/** How many pages `count` cells need. */
export function pagesOf(grid: Grid, count: number): number {
  return Math.max(1, Math.ceil(count / grid.fits));
}

/** The grid of a page, and its cells; the last page's are as big as those of the others. */
export function onPage<T>(grid: Grid, cells: readonly T[], page: number): readonly [Grid, readonly T[]] {
  if (!grid.scrolls) return [grid, cells];
  const first = Math.min(page, pagesOf(grid, cells.length) - 1) * grid.fits;
  return [{ ...grid, scrolls: false, rows: grid.fits / grid.columns }, cells.slice(first, first + grid.fits)];
}
