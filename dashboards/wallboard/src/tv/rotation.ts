// What TV mode shows: one view after the other, each page of a view for a while.

export interface Rotation {
  /** Which of the views. */
  readonly index: number;
  readonly page: number;
  /** How many pages the view has; 1 until it says otherwise. */
  readonly pages: number;
  /** Since when it is shown, ms. */
  readonly since: number;
  readonly paused: boolean;
}

export function begin(index: number, now: number): Rotation {
  return { index, page: 0, pages: 1, since: now, paused: false };
}

/** The view says how many pages it has. */
export function withPages(rotation: Rotation, pages: number): Rotation {
  return { ...rotation, pages, page: Math.min(rotation.page, pages - 1) };
}

/** To the next page of the view, or the next of `views` views; `by` -1: back. */
export function step(rotation: Rotation, by: 1 | -1, views: number, now: number): Rotation {
  const page = rotation.page + by;
  if (page >= 0 && page < rotation.pages) return { ...rotation, page, since: now };
  const index = (rotation.index + by + views) % views;
  if (index !== rotation.index) return { ...begin(index, now), paused: rotation.paused };
  return { ...rotation, page: by > 0 ? 0 : rotation.pages - 1, since: now };
}

/** Stop, or go on with a whole turn. */
export function pause(rotation: Rotation, now: number): Rotation {
  return { ...rotation, paused: !rotation.paused, since: now };
}

/** In how many ms something else is to be shown; `every`: s per page. `null`: this stays. */
export function remaining(rotation: Rotation, every: number, views: number, now: number): number | null {
  if (rotation.paused || (views < 2 && rotation.pages < 2)) return null;
  return Math.max(0, rotation.since + every * 1000 - now);
}
