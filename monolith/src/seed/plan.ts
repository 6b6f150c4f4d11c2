import type { Size } from './sizes.ts';

/** The input of every part of a seed. */
export interface Plan {
  seed: number;
  size: Size;
  /** The moment at which the data ends. */
  until: Date;
}

/** A constant, so that the same seed gives the same bytes on any day. */
export const defaultUntil = new Date('2018-06-01T00:00:00Z');

const dayMs = 24 * 3_600_000;

/** A moment `days` before the end of the data. */
export function daysBefore(plan: Plan, days: number): Date {
  return new Date(plan.until.getTime() - days * dayMs);
}

/** The moment of event `index` of `count` events that are spread evenly over the last `days`. */
export function spread(plan: Plan, days: number, index: number, count: number): Date {
  return new Date(plan.until.getTime() - Math.round(((count - index) / count) * days * dayMs));
}
