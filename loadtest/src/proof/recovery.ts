import type { Run } from '../measure/run.ts';

/**
 * How long after `wellAtMs` a request was still due that failed, in milliseconds; 0 where all were answered from then on.
 * A schedule of even spacing is what tells which are missing: a run keeps the due times of the answered ones.
 */
export function recoveryMs(
  { atMs }: Pick<Run, 'atMs'>,
  { perSecond, durationMs }: { perSecond: number; durationMs: number },
  wellAtMs: number,
): number {
  const spacingMs = 1000 / perSecond;
  const answered = new Set(atMs.map((at) => Math.round(at / spacingMs)));
  for (let last = Math.ceil(durationMs / spacingMs) - 1; last * spacingMs >= wellAtMs; last -= 1) {
    if (!answered.has(last)) return last * spacingMs - wellAtMs;
  }
  return 0;
}
