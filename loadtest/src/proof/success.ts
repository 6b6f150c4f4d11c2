import type { Check, Stage } from './report-data.ts';

/** Share of the requests that were due and were answered with 2xx, in percent. NaN of none. */
export function successPercent({ requests, errors }: Pick<Stage, 'requests' | 'errors'>): number {
  return (100 * requests) / (requests + errors);
}

/** A check that a stage's success rate reaches a bound, in percent. Errors fail whatever disturbed the run. */
export function succeeds(stages: readonly Stage[], name: string, percent: number): Check {
  const stage = stages.find((one) => one.name === name);
  const measured = stage === undefined ? Number.NaN : successPercent(stage);
  return {
    name: `success of ${name}`,
    outcome: measured >= percent ? 'pass' : 'fail',
    detail: `${measured.toFixed(3)} % (${stage?.errors ?? 0} of ${(stage?.requests ?? 0) + (stage?.errors ?? 0)} failed), required: at least ${+percent.toFixed(3)} %`,
    disturbances: [],
  };
}
