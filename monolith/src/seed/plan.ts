import type { Size } from './sizes.ts';

/** What every part of a seed is made from. */
export interface Plan {
  seed: number;
  size: Size;
  /** The moment at which the data ends; nothing was made later. */
  until: Date;
}

/** A constant, so that the same seed makes the same bytes on any day. */
export const UNTIL = new Date('2018-06-01T00:00:00Z');

const DAY_MS = 24 * 3_600_000;

/** A moment `days` before the end of the data. */
export function daysBefore(plan: Plan, days: number): Date {
  return new Date(plan.until.getTime() - days * DAY_MS);
}

/** The moment of the `index`th of `count` things that came evenly over the last `days`. */
export function spread(plan: Plan, days: number, index: number, count: number): Date {
  return new Date(plan.until.getTime() - Math.round(((count - index) / count) * days * DAY_MS));
}
