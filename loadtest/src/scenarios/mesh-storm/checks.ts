import type { Check, Stage } from '../../proof/report-data.ts';
import { below } from '../../proof/verdict.ts';

/** What one contender made of the failures. */
export interface Storm {
  stage: Stage;
  /** Requests that a service got while the third failed, for each one that was offered to the first. */
  load: Record<'first' | 'second' | 'third', number>;
  /** From the end of the failures to the last request that was due then and failed, in milliseconds. */
  recoveryMs: number;
}

/** The clock of the counting is some milliseconds off that of the failures: a few requests. */
const countingSlack = 0.01;

/** @param bound the most that the budget allows, in requests for each one offered */
export function stormChecks(storms: readonly Storm[], bound: number): Check[] {
  const of = (name: string) => storms.find(({ stage }) => stage.name === name);
  const third = (name: string) => of(name)?.load.third ?? Number.NaN;
  const success = (name: string) => of(name)?.stage.successPercent ?? Number.NaN;
  const outer = Math.max(of('budget')?.load.first ?? Number.NaN, of('budget')?.load.second ?? Number.NaN);
  return [
    {
      name: 'load on the failing service with the budget',
      pass: third('budget') <= bound + countingSlack,
      detail: `${third('budget').toFixed(2)} times, asked: at most 1.2 times plus the floor, ${bound.toFixed(2)} in this run`,
    },
    {
      name: 'load on the services that are well, with the budget',
      pass: outer <= 1 + countingSlack,
      detail: `${outer.toFixed(2)} times, asked: nothing is tried again further out`,
    },
    {
      name: 'naive retries are worse',
      pass: third('naive-retries') > third('budget') && third('budget-each-hop') > third('budget'),
      detail: `${third('naive-retries').toFixed(2)} times naively, ${third('budget-each-hop').toFixed(2)} with a budget at each hop by itself, ${third('budget').toFixed(2)} with the budget`,
    },
    {
      name: 'success with the budget beside without retries',
      pass: success('budget') > success('no-retries'),
      detail: storms.map(({ stage }) => `${stage.name} ${stage.successPercent?.toFixed(2) ?? 'none'} %`).join(', '),
    },
    below('recovery with the budget', of('budget')?.recoveryMs ?? Number.NaN, 1000),
  ];
}
