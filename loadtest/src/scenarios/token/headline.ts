import { bars, faster } from '../../proof/headline.ts';
import type { Figure, Headline, Stage } from '../../proof/report-data.ts';

/** Legacy against extracted, at the median. */
export function tokenHeadline(stages: readonly Stage[]): Headline {
  const p50 = (name: string) => stages.find((stage) => stage.name === name)?.p50Ms;
  return {
    done: 'Issuing a token was taken out of the monolith into a service of its own; the mesh moved the route.',
    ...faster('p50 of a token:', p50('legacy'), p50('extracted')),
    stages: ['legacy', 'extracted'],
    chart: {
      title: 'A token at the median, one connection',
      unit: 'ms',
      bars: bars(stages, ['legacy', 'tuned', 'extracted'], (stage) => stage.p50Ms),
    },
  };
}

/** Absolute times: shown, and not judged, since they are this machine's. */
export function tokenFigures(stages: readonly Stage[]): Figure[] {
  const at = (name: string) => stages.find((stage) => stage.name === name);
  const value = (name: string, key: 'p50Ms' | 'p99Ms') => at(name)?.[key] ?? Number.NaN;
  return [
    ...['legacy', 'tuned', 'extracted'].map((of) => ({ of, name: 'p50', value: value(of, 'p50Ms'), unit: 'ms' })),
    { of: 'extracted', name: 'p99 at 200/s', value: value('extracted-open-200', 'p99Ms'), unit: 'ms' },
    { of: 'floor', name: 'p99 at 200/s', value: value('floor-open-200', 'p99Ms'), unit: 'ms' },
    {
      of: 'mesh',
      name: 'added p50 at 1,000/s',
      value: value('extracted-open-1000', 'p50Ms') - value('extracted-direct-open-1000', 'p50Ms'),
      unit: 'ms',
    },
  ];
}
