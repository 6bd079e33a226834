// Where the marks of the axes stand.

import type { Range } from "./series";

const STEPS = [300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600] as const;

/** Round times in a range, at most `most`; `midnight`: one of the zone that is shown, unix seconds. */
export function timeTicks({ min, max }: Range, most: number, midnight: number): readonly number[] {
  const step = STEPS.find((candidate) => (max - min) / candidate < most) || 21_600;
  const ticks: number[] = [];
  for (let at = midnight + Math.ceil((min - midnight) / step) * step; at <= max; at += step) ticks.push(at);
  return ticks;
}

/** A midnight by the time of day that people read at some time (`HH:MM`). */
export function midnightOf(at: number, shown: string): number {
  const [hours = 0, minutes = 0] = shown.split(":").map(Number);
  return Math.floor(at / 60) * 60 - hours * 3600 - minutes * 60;
}

const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] as const;

/** Whole numbers from 0 to the first one that is not below `highest`: at most 5 up to 20 000. */
export function countTicks(highest: number): readonly number[] {
  const step = COUNTS.find((candidate) => highest / candidate <= 4) || 10_000;
  const steps = Math.max(1, Math.ceil(highest / step));
  return Array.from({ length: steps + 1 }, (_, index) => index * step);
}
