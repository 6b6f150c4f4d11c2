import { disturbances } from './disturbance.ts';
import type { Cause, Check, IndependentMedians, Outcome, Report, Stage } from './report-data.ts';

const ms = (value: number) =>
  Number.isNaN(value) ? 'no figure' : `${value >= 100 ? value.toFixed(0) : value.toFixed(2)} ms`;
/** Two digits below one, so that no small ratio is shown as zero. */
const times = (value: number) => {
  if (!Number.isFinite(value)) return 'no figure';
  const shown = Math.abs(value) < 1 ? Number(value.toPrecision(2)).toString() : value.toFixed(value >= 100 ? 0 : 2);
  return `${shown} times`;
};

/** The stages that a check is about. `undefined`: one that was not measured. */
export type Judged = readonly (Stage | undefined)[];

/**
 * A check that holds passes. One that does not hold fails, unless something disturbed its stages: then it is
 * inconclusive, and says what that was. A stage that was not measured, or in which nothing was answered, fails whatever
 * disturbed it.
 */
export function judge(name: string, holds: boolean, detail: string, stages: Judged): Check {
  if (holds) return { name, outcome: 'pass', detail, disturbances: [] };
  const measured = stages.filter((stage) => stage !== undefined && stage.requests > 0) as Stage[];
  const found = measured.length === stages.length ? disturbances(measured) : [];
  return { name, outcome: found.length > 0 ? 'inconclusive' : 'fail', detail, disturbances: found };
}

/** Judges a figure, which is no number where the samples do not carry it: that is inconclusive, too. */
function judgeFigure(name: string, value: number, holds: boolean, detail: string, stages: Judged): Check {
  const check = judge(name, holds, detail, stages);
  const small = stages.every((stage) => stage !== undefined && stage.requests > 0) && stages.length > 0;
  if (holds || !Number.isNaN(value) || !small) return check;
  return {
    ...check,
    outcome: 'inconclusive',
    disturbances: [...check.disturbances, 'too few requests for this figure'],
  };
}

/** A check that a figure lies between two bounds (inclusive). A figure that is not a number does not. */
export function between(
  name: string,
  value: number,
  [low, high]: readonly [number, number],
  stages: Judged,
  unit: (value: number) => string = ms,
): Check {
  const detail = `${Number.isNaN(value) ? 'no figure' : unit(value)}, required: ${unit(low)} to ${unit(high)}`;
  return judgeFigure(name, value, value >= low && value <= high, detail, stages);
}

/** A check that a time stays below a bound: only for bounds that hold on any machine. In milliseconds. */
export function below(name: string, value: number, bound: number, stages: Judged): Check {
  return judgeFigure(name, value, value < bound, `${ms(value)}, required: below ${ms(bound)}`, stages);
}

/** A check that a ratio reaches a bound. A ratio without bounds, or of nothing, says that nothing was measured. */
export function atLeast(name: string, value: number, bound: number, stages: Judged): Check {
  const holds = Number.isFinite(value) && value >= bound;
  return judgeFigure(name, value, holds, `${times(value)}, required: at least ${bound}`, stages);
}

/** A check that a ratio does not exceed a bound. */
export function atMost(name: string, value: number, bound: number, stages: Judged, explained = ''): Check {
  const detail = `${times(value)}${explained}, required: at most ${bound}`;
  return judgeFigure(name, value, value <= bound, detail, stages);
}

/** A stage's figure. No number where nothing was answered, or where the samples do not carry it. */
export function figure(stage: Stage | undefined, name: 'p50Ms' | 'p99Ms'): number {
  return stage === undefined || stage.requests === 0 ? Number.NaN : (stage[name] ?? Number.NaN);
}

/**
 * No request of any stage failed, timed out or was dropped, nor one of the ledger. Errors fail whatever disturbed the
 * run.
 */
export function noErrors(stages: readonly Stage[], causes: readonly Cause[] = []): Check {
  const failed = stages.filter(({ errors }) => errors > 0);
  const told = failed.map(({ name, errorKinds }) => `${name}: ${JSON.stringify(errorKinds)}`);
  for (const { debt, errors } of causes) if (errors > 0) told.push(`ledger of ${debt}: ${errors}`);
  return {
    name: 'every request was answered with success',
    outcome: told.length === 0 ? 'pass' : 'fail',
    detail: told.length === 0 ? `${stages.reduce((sum, stage) => sum + stage.requests, 0)} requests` : told.join('; '),
    disturbances: [],
  };
}

/** How far apart two independent medians may be, as a share of the closed loop's. */
const apartMax = 0.1;

/**
 * The closed and the open loop agree on the median within 10 % below saturation, or within half of the floor's median
 * in the same rounds: the floor is what the driver and the machine take by themselves, and no two drivers take the
 * same.
 */
export function mediansAgree(medians: IndependentMedians, stages: Judged): Check {
  const { stage, closedLoopP50Ms, openLoopP50Ms, floorP50Ms, meshP50, meshAbsent } = medians;
  const [closed, open] = [closedLoopP50Ms ?? Number.NaN, openLoopP50Ms ?? Number.NaN];
  const slack = Math.max(apartMax * closed, (floorP50Ms ?? 0) / 2);
  const mesh =
    meshP50 === null
      ? `, mesh: ${meshAbsent ?? 'no samples'}`
      : `, mesh ${ms(meshP50.aboveMs)} to ${ms(meshP50.upToMs)}`;
  const detail = `closed loop ${ms(closed)}, open loop ${ms(open)}${mesh}; required: within ${ms(slack)}`;
  const apart = Math.abs(open - closed);
  return judgeFigure(`Independent measurements of ${stage} agree`, apart, apart <= slack, detail, stages);
}

/** Fails if a check fails or there is none. Otherwise inconclusive if a check is, and a pass if none is. */
export function verdictOf(checks: readonly Check[]): Report['verdict'] {
  const has = (outcome: Outcome) => checks.some((check) => check.outcome === outcome);
  const outcome = checks.length === 0 || has('fail') ? 'fail' : has('inconclusive') ? 'inconclusive' : 'pass';
  return { outcome, checks: [...checks] };
}
