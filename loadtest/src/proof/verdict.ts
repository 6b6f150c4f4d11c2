import type { Cause, Check, Report, Stage, Witness } from './report-data.ts';

const ms = (value: number) =>
  Number.isNaN(value) ? 'no figure' : `${value >= 100 ? value.toFixed(0) : value.toFixed(2)} ms`;

/** A check that a figure lies between two bounds (inclusive). A figure that is not a number fails. */
export function between(
  name: string,
  value: number,
  low: number,
  high: number,
  unit: (value: number) => string = ms,
): Check {
  return { name, pass: value >= low && value <= high, detail: `${unit(value)}, asked: ${unit(low)} to ${unit(high)}` };
}

/** A check that a figure stays below a bound. */
export function below(name: string, value: number, bound: number, unit: (value: number) => string = ms): Check {
  return { name, pass: value < bound, detail: `${unit(value)}, asked: below ${unit(bound)}` };
}

/** A check that a ratio reaches a bound. */
export function atLeast(name: string, value: number, bound: number): Check {
  return {
    name,
    pass: Number.isFinite(value) && value >= bound,
    // Out of nothing comes a ratio without bounds: it says that nothing was measured.
    detail: `${Number.isFinite(value) ? `${value.toFixed(1)} times` : 'no figure'}, asked: at least ${bound}`,
  };
}

/** A stage's figure; no number where nothing was answered: the percentiles of an empty histogram are zeros. */
export function figure(stage: Stage | undefined, name: 'p50Ms' | 'p99Ms'): number {
  return stage === undefined || stage.requests === 0 ? Number.NaN : stage[name];
}

/** No request of any stage failed, timed out or was dropped, nor one of the ledger. */
export function noErrors(stages: readonly Stage[], causes: readonly Cause[] = []): Check {
  const failed = stages.filter(({ errors }) => errors > 0);
  const told = failed.map(({ name, errorKinds }) => `${name}: ${JSON.stringify(errorKinds)}`);
  for (const { debt, errors } of causes) if (errors > 0) told.push(`ledger of ${debt}: ${errors}`);
  return {
    name: 'every request was answered with success',
    pass: told.length === 0,
    detail: told.length === 0 ? `${stages.reduce((sum, stage) => sum + stage.requests, 0)} requests` : told.join('; '),
  };
}

/**
 * The closed and the open loop agree on the median within 10 % below saturation; where both medians are below 2 ms, within
 * 0.2 ms, which is what a scheduler of the operating system takes at times.
 */
export function witnessesAgree({
  stage,
  closedLoopP50Ms: closed,
  openLoopP50Ms: open,
  meshP50,
  meshAbsent,
}: Witness): Check {
  const apart = Math.abs(open - closed);
  const pass = apart <= 0.1 * closed || (Math.max(open, closed) < 2 && apart <= 0.2);
  const mesh =
    meshP50 === null
      ? `, mesh: ${meshAbsent ?? 'no samples'}`
      : `, mesh ${ms(meshP50.aboveMs)} to ${ms(meshP50.upToMs)}`;
  return {
    name: `the witnesses of ${stage} agree`,
    pass,
    detail: `closed loop ${ms(closed)}, open loop ${ms(open)}${mesh}; asked: 10 % apart at most${closed < 2 && open < 2 ? ', or 0.2 ms below 2 ms' : ''}`,
  };
}

export function verdictOf(checks: readonly Check[]): Report['verdict'] {
  return { pass: checks.length > 0 && checks.every((check) => check.pass), checks: [...checks] };
}
