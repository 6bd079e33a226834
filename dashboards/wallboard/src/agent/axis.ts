// The time axis of a day: from and to full steps, so that the picture is not scaled anew each second.

export interface Axis {
  readonly from: number;
  readonly to: number;
  /** Times that are labelled, s between them. */
  readonly step: number;
  readonly ticks: readonly number[];
}

const MINUTE = 60;
const HOUR = 3600;
const STEPS = [1, 2, 5, 10, 15, 30]
  .map((minutes) => minutes * MINUTE)
  .concat([1, 2, 3, 4, 6, 12].map((hours) => hours * HOUR));

/** The last full hour of the day's zone at or before its start: `clock` is its time of day, `14:03:12`. */
export function midnightBefore(dayStart: number, clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(":").map(Number);
  return dayStart - hours * HOUR - minutes * MINUTE - seconds;
}

/** `midnight`: from which steps are counted; `most`: steps that have room. */
export function axisOf(begin: number, now: number, midnight: number, most: number): Axis {
  const down = (time: number, step: number) => midnight + Math.floor((time - midnight) / step) * step;
  const up = (time: number, step: number) => midnight + (Math.floor((time - midnight) / step) + 1) * step;
  let step = STEPS[STEPS.length - 1] as number;
  for (const candidate of STEPS) {
    if ((up(now, candidate) - down(begin, candidate)) / candidate <= Math.max(most, 2)) {
      step = candidate;
      break;
    }
  }
  const from = down(begin, step);
  const to = up(Math.max(now, begin), step);
  const ticks: number[] = [];
  for (let tick = from; tick <= to; tick += step) ticks.push(tick);
  return { from, to, step, ticks };
}
