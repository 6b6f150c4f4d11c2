import { randomInt } from 'node:crypto';

const minuteMs = 60_000;

/** The pauses after failed attempts: eight attempts within about twelve hours. */
const pausesMs = [0.5, 2, 10, 30, 90, 180, 360].map((minutes) => minutes * minuteMs);

/** A whole number from `least` to `most`. */
export type PickMs = (least: number, most: number) => number;

export const pickRandomMs: PickMs = (least, most) => randomInt(least, most + 1);

/**
 * When to try again after failed attempt number `attempt`; undefined if that was the last. A fifth of the pause up or
 * down is random, so that the deliveries of one outage do not all return at once.
 */
export function nextAttempt(attempt: number, now: Date, pickMs: PickMs = pickRandomMs): Date | undefined {
  const pauseMs = pausesMs[attempt - 1];
  if (pauseMs === undefined) return undefined;
  return new Date(now.getTime() + pickMs(Math.round(pauseMs * 0.8), Math.round(pauseMs * 1.2)));
}
