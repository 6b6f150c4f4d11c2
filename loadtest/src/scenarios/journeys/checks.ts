import { histogramOf, type Percentiles, percentilesOf } from '../../measure/latencies.ts';
import { ratioOf } from '../../proof/headline.ts';
import type { Check, Figure, Headline, Stage } from '../../proof/report-data.ts';
import { atLeast, atMost, noErrors } from '../../proof/verdict.ts';
import { heldRate, neverBroke, type Rung } from './ladder.ts';
import { limitMs } from './plan.ts';
import type { SideName } from './sides.ts';

/** How many times the rate the services must hold. */
const ratesMin = 5;

/** A step at both sides, at the same rate. */
export interface StepTimes {
  journey: string;
  step: string;
  service: string;
  times: Record<SideName, Percentiles>;
}

export type Rungs = Record<SideName, readonly Rung[]>;

/** @param ms how long the step took, of each side */
export const stepTimes = (
  journey: string,
  { name, service }: { name: string; service: string },
  ms: Record<SideName, readonly number[]>,
): StepTimes => ({
  journey,
  step: name,
  service,
  times: {
    monolith: percentilesOf(histogramOf(ms.monolith)),
    services: percentilesOf(histogramOf(ms.services)),
  },
});

export const stageName = (side: SideName, journey: string) => `${side}, ${journey}`;

/** @param stages of both sides and journeys, where they are compared: those that failed there fail the verdict */
export function journeysChecks(stages: readonly Stage[], steps: readonly StepTimes[], rungs: Rungs): Check[] {
  const at = (side: SideName, journey: string) => stages.find(({ name }) => name === stageName(side, journey));
  const shown = (ms: number | null) => (ms === null ? 'no figure' : `${ms.toFixed(2)} ms`);
  const slower = steps.map(({ journey, step, times: { monolith, services } }) =>
    atMost(
      `p99 of “${step}” at the services, to the monolith's`,
      (services.p99Ms ?? Number.NaN) / (monolith.p99Ms ?? Number.NaN),
      1,
      [at('services', journey), at('monolith', journey)],
      ` (${shown(services.p99Ms)}, the monolith's ${shown(monolith.p99Ms)})`,
    ),
  );
  const held = atLeast(
    `rate of journeys that the services hold within ${limitMs / 1_000} s at p99, to the monolith's`,
    heldRate(rungs.services) / heldRate(rungs.monolith),
    ratesMin,
    [at('services', 'shopper'), at('monolith', 'shopper')],
  );
  return [noErrors(stages), ...slower, held];
}

export function journeysHeadline(_stages: readonly Stage[], rungs: Rungs): Headline {
  const [before, after] = [heldRate(rungs.monolith), heldRate(rungs.services)];
  const atLeastSo = neverBroke(rungs.services) ? ' or more' : '';
  return {
    done: 'A shop was taken out of its monolith, service by service, while its clients went on shopping.',
    ...ratioOf(before, after, 'as many journeys a second', `journeys a second${atLeastSo} within a second at p99`),
    stages: [stageName('monolith', 'shopper'), stageName('services', 'shopper')],
    chart: {
      title: 'Journeys a second that each side holds, each request within a second at p99',
      unit: 'journeys/s',
      bars: [
        { label: 'monolith', value: before, control: true },
        { label: 'services', value: after, control: false },
      ],
    },
  };
}

/** A row for each step, and for each rate that was offered; the sides side by side. */
export function journeysFigures(stages: readonly Stage[], steps: readonly StepTimes[], rungs: Rungs): Figure[] {
  const sides = ['monolith', 'services'] as const;
  const ofSteps = steps.flatMap(({ journey, step, times }) =>
    sides.flatMap((side) =>
      (['p50Ms', 'p95Ms', 'p99Ms'] as const).map((key) => ({
        ...{ of: `${journey} ${step}`, name: `${side} ${key.slice(0, -2)}`, value: times[side][key], unit: 'ms' },
      })),
    ),
  );
  const ofRungs = sides.flatMap((side) =>
    rungs[side].map(({ perSecond, late }) => ({
      ...{ of: `${perSecond} journeys a second`, name: `${side} late or failed`, value: late * 100, unit: '%' },
    })),
  );
  const ofJourneys = stages.flatMap(({ name, cpuUsByProcess, requests }) => {
    const all = Object.values(cpuUsByProcess).reduce((sum, us) => sum + us, 0);
    return requests === 0 ? [] : [{ of: name, name: 'CPU with stores', value: all / 1_000, unit: 'ms a request' }];
  });
  return [...ofSteps, ...ofRungs, ...ofJourneys];
}
