import { bars, ratioOf } from '../../proof/headline.ts';
import type { Check, Figure, Headline, Stage } from '../../proof/report-data.ts';
import { atMost, noErrors } from '../../proof/verdict.ts';

const stageOf = (stages: readonly Stage[], name: string) => stages.find((stage) => stage.name === name);

const cpuOf = (stages: readonly Stage[], name: string) => stageOf(stages, name)?.cpuUsPerRequest ?? Number.NaN;

/**
 * The mesh's CPU per request against http-proxy's, and HAProxy's where that is installed. CPU is counted for each
 * process by itself, so that the ratio holds on a machine of any speed.
 */
export function taxChecks(stages: readonly Stage[]): Check[] {
  const against = (name: string, other: string, bound: number): Check => {
    const [mesh, theirs] = [cpuOf(stages, 'mesh'), cpuOf(stages, other)];
    const explained = ` (${mesh.toFixed(0)} µs to ${theirs.toFixed(0)} µs)`;
    const judged = [stageOf(stages, 'mesh'), stageOf(stages, other)];
    return atMost(`the mesh's CPU per request against ${name}'s`, mesh / theirs, bound, judged, explained);
  };
  return [
    noErrors(stages),
    against('http-proxy', 'http-proxy', 0.8),
    ...(stageOf(stages, 'haproxy') === undefined ? [] : [against('HAProxy', 'haproxy', 3)]),
  ];
}

const percentiles = [
  ['p50Ms', 'p50'],
  ['p99Ms', 'p99'],
  ['p999Ms', 'p99.9'],
] as const;

/**
 * What each proxy can carry, what it costs, and what it adds to the direct way in the same rounds. No number where the
 * samples do not carry a percentile.
 */
export function taxFigures(stages: readonly Stage[], names: readonly string[], rates: readonly number[]): Figure[] {
  const at = (name: string) => stageOf(stages, name);
  return names.flatMap((of) => {
    const saturated: Figure[] = [
      { of, name: 'at saturation', value: at(of)?.requestsPerSecond ?? Number.NaN, unit: '/s' },
      ...(of === 'direct' ? [] : [{ of, name: 'CPU a request', value: cpuOf(stages, of), unit: 'µs' }]),
    ];
    if (of === 'direct') return saturated;
    const added = rates.flatMap((rate) =>
      percentiles.map(([key, label]): Figure => {
        const [through, direct] = [at(`${of}-${rate}`), at(`direct-${rate}`)];
        const value = (through?.[key] ?? Number.NaN) - (direct?.[key] ?? Number.NaN);
        return { of, name: `added ${label} at ${rate}/s`, value, unit: 'ms' };
      }),
    );
    return [...saturated, ...added];
  });
}

/** CPU per request, the mesh's beside the other proxies'. */
export function taxHeadline(stages: readonly Stage[], names: readonly string[]): Headline {
  const [bare, mesh] = [cpuOf(stages, 'http-proxy'), cpuOf(stages, 'mesh')];
  return {
    done: 'The mesh runs with every layer on: access log, traces, metrics, retries, breakers, limits, balancing.',
    ...ratioOf(bare, mesh, 'the CPU of a bare http-proxy', 'µs of CPU a request'),
    stages: ['http-proxy', 'mesh'],
    chart: {
      title: 'CPU a request, as fast as it goes',
      unit: 'µs',
      bars: bars(
        stages,
        names.filter((name) => name !== 'direct'),
        (stage) => stage.cpuUsPerRequest,
      ),
    },
  };
}
