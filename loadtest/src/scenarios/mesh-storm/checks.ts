import { ratioOf } from '../../proof/headline.ts';
import type { Check, Headline, Stage } from '../../proof/report-data.ts';
import { below, judge } from '../../proof/verdict.ts';

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
  const stages = (...names: string[]) => names.map((name) => of(name)?.stage);
  return [
    judge(
      'load on the failing service with the budget',
      third('budget') <= bound + countingSlack,
      `${third('budget').toFixed(2)} times, required: at most 1.2 times plus the floor, ${bound.toFixed(2)} in this run`,
      stages('budget'),
    ),
    judge(
      'load on the services that are well, with the budget',
      outer <= 1 + countingSlack,
      `${outer.toFixed(2)} times, required: nothing is tried again further out`,
      stages('budget'),
    ),
    judge(
      'naive retries are worse',
      third('naive-retries') > third('budget') && third('budget-each-hop') > third('budget'),
      `${third('naive-retries').toFixed(2)} times naively, ${third('budget-each-hop').toFixed(2)} with a budget at each hop by itself, ${third('budget').toFixed(2)} with the budget`,
      stages('naive-retries', 'budget-each-hop', 'budget'),
    ),
    judge(
      'success with the budget beside without retries',
      success('budget') > success('no-retries'),
      storms.map(({ stage }) => `${stage.name} ${stage.successPercent?.toFixed(2) ?? 'none'} %`).join(', '),
      stages('budget', 'no-retries'),
    ),
    below('recovery with the budget', of('budget')?.recoveryMs ?? Number.NaN, recoveryMaxMs, stages('budget')),
  ];
}

/**
 * Holds on any machine: requests of some 15 ms, tried again after 5 ms, are over a hundred times sooner when no storm
 * feeds itself.
 */
const recoveryMaxMs = 1000;

/** Naive retries against the budget: the load on the failing service. */
export function stormHeadline(storms: readonly Storm[]): Headline {
  const load = (name: string) => storms.find(({ stage }) => stage.name === name)?.load.third;
  const [naive, budget] = [load('naive-retries'), load('budget')];
  return {
    done: 'A service three hops deep fails half its requests. With one retry budget, retries stay a small part of its load.',
    figure: ratioOf(budget, naive, 'less load', '').figure,
    change: `${naive?.toFixed(2) ?? '–'} → ${budget?.toFixed(2) ?? '–'} requests for each one offered`,
    stages: ['naive-retries', 'budget'],
    chart: {
      title: 'Requests at the failing service for each one offered',
      unit: 'times',
      bars: storms.map(({ stage, load: { third } }) => ({ label: stage.name, value: third, control: stage.control })),
    },
  };
}
