import type { Bar, Headline, Stage } from './report-data.ts';

const count = (value: number) =>
  value.toLocaleString('en', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 });

/** The figure and the change of a headline. */
export type Gain = Pick<Headline, 'figure' | 'change'>;

const unknown: Gain = { figure: 'no figure', change: 'too few requests were answered' };

/** Whether a figure is one that can be divided by. */
const known = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value) && value > 0;

/** `1,206 times faster`, `WHAT 415 ms → 0.34 ms`; `slower` where the second takes longer. Times in milliseconds. */
export function faster(what: string, beforeMs: number | null | undefined, afterMs: number | null | undefined): Gain {
  if (!known(beforeMs) || !known(afterMs)) return unknown;
  const [ratio, word] = beforeMs >= afterMs ? [beforeMs / afterMs, 'faster'] : [afterMs / beforeMs, 'slower'];
  return { figure: `${count(ratio)} times ${word}`, change: `${what} ${count(beforeMs)} ms → ${count(afterMs)} ms` };
}

/** `4.2 times WHAT`, `500 UNIT → 2,100 UNIT`: how much of something there is after, for each one before. */
export function ratioOf(before: number | undefined, after: number | undefined, what: string, unit: string): Gain {
  if (!known(before) || !known(after)) return unknown;
  return { figure: `${count(after / before)} times ${what}`, change: `${count(before)} → ${count(after)} ${unit}` };
}

/** `12 times fewer failures`, `4.1 % → 0.34 % of requests failed`; `no request lost` where none failed after. */
export function fewerFailures(before: Stage | undefined, after: Stage | undefined): Gain {
  const [was, is] = [failedPercent(before), failedPercent(after)];
  if (was === null || is === null) return unknown;
  const change = `${count(was)} % → ${count(is)} % of requests failed`;
  if (is === 0) return { figure: was === 0 ? 'no difference: no request lost' : 'no request lost', change };
  return was >= is
    ? { figure: `${count(was / is)} times fewer failures`, change }
    : { figure: `${count(is / was)} times more failures`, change };
}

/** Share of the requests that were due and failed, in percent. Null where none were due. */
export function failedPercent(stage: Stage | undefined): number | null {
  return stage === undefined || stage.successPercent === null ? null : 100 - stage.successPercent;
}

/** A bar for each of the named stages that was measured. */
export function bars(stages: readonly Stage[], names: readonly string[], read: (stage: Stage) => number | null): Bar[] {
  return names.flatMap((name) => {
    const stage = stages.find((one) => one.name === name);
    return stage === undefined ? [] : [{ label: name, value: read(stage), control: stage.control }];
  });
}
