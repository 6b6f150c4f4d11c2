import { errorCount, type Run } from '../../measure/run.ts';
import { limitMs } from './plan.ts';

/** How a side did at one rate. */
export interface Rung {
  /** Journeys that were due a second. */
  perSecond: number;
  requests: number;
  failed: number;
  /** Share of the requests (0 to 1) that failed or took longer than the limit. */
  late: number;
}

/** Of 100 requests, this many may be late: the limit is one of the 99th percentile. */
const lateMax = 0.01;

export function rungOf(perSecond: number, run: Run): Rung {
  const failed = errorCount(run);
  const requests = run.latencyMs.length + failed;
  const over = run.latencyMs.filter((ms) => ms > limitMs).length;
  return { perSecond, requests, failed, late: requests === 0 ? 1 : (over + failed) / requests };
}

export const holds = ({ failed, late }: Rung): boolean => failed === 0 && late <= lateMax;

/** The highest rate that a side held before it broke its limit; 0 where it held none. */
export function heldRate(rungs: readonly Rung[]): number {
  const broken = rungs.findIndex((rung) => !holds(rung));
  const held = broken < 0 ? rungs : rungs.slice(0, broken);
  return held.at(-1)?.perSecond ?? 0;
}

/** Whether a side never broke its limit: then it holds at least the highest rate. */
export const neverBroke = (rungs: readonly Rung[]): boolean => rungs.every(holds);
