// How often the page is drawn. Painting costs most of all: many small changes in a row are drawn together.

/** Least time between two drawings, ms: nobody reads faster, and one change alone is drawn at once. */
export const PACE = 100;

interface Frames {
  /** Monotonic, ms. */
  now(): number;
  after(ms: number, then: () => void): number;
  /** Call before the browser paints next. */
  frame(then: () => void): void;
}

/** Return what Preact gives its drawing to (`options.debounceRendering`). */
export function paced({ now, after, frame }: Frames): (draw: () => void) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (draw) => {
    const begin = () => {
      last = now();
      draw();
    };
    const wait = last + PACE - now();
    if (wait > 0) after(wait, () => frame(begin));
    else frame(begin);
  };
}
