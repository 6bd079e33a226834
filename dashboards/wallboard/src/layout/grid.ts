// How many columns equal cells are laid out in, and how big: as big as fits, down to a legible size.

/** A size in px, or of a cell in units: its font size, on which everything in it depends. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Limits {
  /** Smallest legible unit, px: below it the grid scrolls instead. */
  readonly least: number;
  /** Beyond this, px, bigger is not better. */
  readonly most: number;
  /** Between cells, px. */
  readonly gap: number;
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly unit: number;
  /** Whether the rows are more than fit. */
  readonly scrolls: boolean;
  /** How many cells are seen at once. */
  readonly fits: number;
}

/** Fill `box` with `count` cells that need `cell` units each. */
export function fillBox(count: number, box: Size, cell: Size, limits: Limits): Grid {
  const { least, most, gap } = limits;
  const across = (columns: number): number => (box.width - gap * (columns - 1)) / columns / cell.width;
  let best: Grid | null = null;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.max(1, Math.ceil(count / columns));
    const down = (box.height - gap * (rows - 1)) / rows / cell.height;
    const unit = Math.min(across(columns), down, most);
    if (best === null || unit > best.unit)
      best = { columns, rows, unit, scrolls: false, fits: columns * rows };
  }
  if (best !== null && best.unit >= least) return { ...best, unit: whole(best.unit) };
  const columns = Math.max(1, Math.floor((box.width + gap) / (least * cell.width + gap)));
  const unit = whole(Math.min(Math.max(across(columns), least), most));
  const seen = Math.max(1, Math.floor((box.height + gap) / (unit * cell.height + gap)));
  return {
    columns,
    rows: Math.max(1, Math.ceil(count / columns)),
    unit,
    scrolls: true,
    fits: columns * seen,
  };
}

/** To quarters of a px: a scroll bar that comes or goes must not move everything. */
function whole(unit: number): number {
  return Math.floor(unit * 4) / 4;
}
