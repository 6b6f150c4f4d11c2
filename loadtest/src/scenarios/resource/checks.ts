import { bars, faster } from '../../proof/headline.ts';
import type { Check, Figure, Headline, Stage } from '../../proof/report-data.ts';
import { atMost, figure, noErrors } from '../../proof/verdict.ts';

/** A read takes no longer on the service than on the monolith, at the median and at the 99th percentile. */
export function resourceChecks(stages: readonly Stage[]): Check[] {
  const at = (name: string) => stages.find((stage) => stage.name === name);
  const below = (way: string, suffix: string) => {
    const [service, monolith] = [at(`service${suffix}`), at(`monolith${suffix}`)];
    return (['p50Ms', 'p99Ms'] as const).map((key) => {
      const [mine, theirs] = [figure(service, key), figure(monolith, key)];
      return atMost(
        `${key.slice(0, -2)} of a read on the service ${way}, to the monolith's`,
        mine / theirs,
        1,
        [service, monolith],
        ` (${mine.toFixed(2)} ms, the monolith's ${theirs.toFixed(2)} ms)`,
      );
    });
  };
  return [noErrors(stages), ...below('directly', ''), ...below('through the mesh', '-mesh')];
}

export function resourceHeadline(resource: string, stages: readonly Stage[]): Headline {
  const p50 = (name: string) => stages.find((stage) => stage.name === name)?.p50Ms;
  return {
    done: `The ${resource} were taken out of the monolith into a service of their own.`,
    ...faster('p50 of a read through the mesh:', p50('monolith-mesh'), p50('service-mesh')),
    stages: ['monolith-mesh', 'service-mesh'],
    chart: {
      title: `A read of ${resource} at the median, at the same rate`,
      unit: 'ms',
      bars: bars(stages, ['monolith', 'monolith-mesh', 'service', 'service-mesh'], (stage) => stage.p50Ms),
    },
  };
}

/** Absolute figures: shown, and not judged, since they are this machine's. */
export function resourceFigures(stages: readonly Stage[]): Figure[] {
  return stages.flatMap((stage) => {
    const stores = Object.entries(stage.cpuUsByProcess).filter(([name]) => !/^(mesh|monolith|service)$/.test(name));
    const total = Object.values(stage.cpuUsByProcess).reduce((sum, us) => sum + us, 0);
    return [
      { of: stage.name, name: 'p50', value: stage.p50Ms, unit: 'ms' },
      { of: stage.name, name: 'p99', value: stage.p99Ms, unit: 'ms' },
      { of: stage.name, name: 'CPU of our processes', value: stage.cpuUsPerRequest, unit: 'µs a request' },
      ...(stores.length > 0
        ? [{ of: stage.name, name: 'CPU with the store', value: total, unit: 'µs a request' }]
        : []),
    ];
  });
}
