import { openLoopRun } from '../../drivers/open-loop.ts';
import { bars, failedPercent, fewerFailures } from '../../proof/headline.ts';
import { stageLegend, stageLine, stageTitles } from '../../proof/lines.ts';
import type { Report, Stage } from '../../proof/report-data.ts';
import { reportOf } from '../../proof/report-of.ts';
import { measureWindow, summarize } from '../../proof/stage.ts';
import { succeeds, successPercent } from '../../proof/success.ts';
import { documentsOf } from '../../rig/documents.ts';
import { Instances } from '../../rig/instances.ts';
import { startMesh } from '../../rig/mesh-process.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';

export const meshBreaker: Scenario = {
  name: 'mesh:breaker',
  file: 'mesh-breaker',
  summary: 'one instance of five fails 40 %: no breaker, consecutive failures, success rate, with retries',
  run: measureBreaker,
};

const leastRequest = { loadBalancer: { algorithm: 'LeastRequest', failurePenalty: '0s' } };
const penalty = { min: '10s', max: '1m', jitterRatio: 0.1 };
const consecutive = { consecutiveFailures: 5, successRate: { thresholdPercent: 0 }, penalty };
const successRate = {
  consecutiveFailures: 0,
  successRate: { thresholdPercent: 90, window: '30s', minRequests: 20 },
  penalty,
};
const retry = { codes: [500, 502, 503, 504], attempts: 2, backoff: '5ms' };

const contenders = [
  { name: 'none', control: true, policy: { ...leastRequest, circuitBreaker: { enabled: false } } },
  { name: 'consecutive', control: true, policy: { ...leastRequest, circuitBreaker: consecutive } },
  { name: 'success-rate', control: false, policy: { circuitBreaker: successRate } },
  { name: 'with-retries', control: false, policy: { circuitBreaker: successRate }, retry },
] as const;

/**
 * Buoyant's experiment ("Circuit breaking", 2017): five instances at 100 requests a second, one of which fails 40 % of
 * its requests and takes 100 ms longer for those. Published, without retries: 95 % with no breaker, 97 % with
 * consecutive failures, 99 % with success rate.
 */
async function measureBreaker(options: ScenarioOptions): Promise<Report> {
  const { quick, seed, folder, say, progress, signal } = options;
  const startedAt = new Date();
  const durationMs = quick ? 12_000 : 60_000;
  const perSecond = 100;
  const stages: Stage[] = [];
  const behavior = { medianMs: 20, sdMs: 3 };
  const instances = await Instances.start([{ name: 'shop', count: 5, behavior }], seed);
  try {
    instances.behave(0, { failShare: 0.4, failExtraMs: 100 });
    say(stageTitles);
    for (const [index, contender] of contenders.entries()) {
      signal.throwIfAborted();
      progress(index, contenders.length, contender.name);
      const ports = instances.all.map(({ port }) => port);
      const route = {
        name: 'shop',
        service: 'shop',
        side: 'edge',
        ...('retry' in contender ? { retry: contender.retry } : {}),
      } as const;
      const routes = [{ ...route, ...('retry' in route ? { retry: { ...retry, codes: [...retry.codes] } } : {}) }];
      const mesh = await startMesh(folder, (edge) =>
        documentsOf([{ name: 'shop', ports, policy: contender.policy }], routes, edge),
      );
      try {
        const target = { url: mesh.url, requests: [{ method: 'GET', path: '/', headers: {} }] };
        const window = await measureWindow({ ours: { mesh: mesh.pid }, stores: { backends: instances.pid } }, () =>
          openLoopRun(target, { perSecond, durationMs, connections: 256, seed }, signal),
        );
        const stage = summarize(
          {
            name: contender.name,
            control: contender.control,
            driver: 'open-loop',
            connections: 256,
            offeredPerSecond: perSecond,
            ours: ['mesh'],
          },
          [window],
        );
        stages.push(stage);
        say(`${stageLine(stage)}  ${successPercent(stage).toFixed(3)} %`);
      } finally {
        await mesh.stop();
      }
    }
  } finally {
    await instances.stop();
  }
  say(stageLegend);
  const at = (name: string) => stages.find((stage) => stage.name === name);
  return reportOf('mesh:breaker', 'One instance of five that fails 40 %', startedAt, options, {
    headline: {
      done: 'One instance of five fails 40 % of its requests. A breaker by success rate takes it out, and retries cover the rest.',
      ...fewerFailures(at('none'), at('with-retries')),
      stages: ['none', 'with-retries'],
      chart: {
        title: 'Requests that failed, by breaker',
        unit: '%',
        bars: bars(
          stages,
          contenders.map(({ name }) => name),
          failedPercent,
        ),
      },
    },
    stages,
    // Noticing takes the same few requests however long the run is: a shorter one has a larger share of them.
    checks: [
      succeeds(stages, 'success-rate', 100 - 0.5 / (durationMs / 60_000)),
      succeeds(stages, 'with-retries', 100),
    ],
    notes: [
      `Five instances of about 20 ms, ${perSecond} requests a second for ${durationMs / 1000} s after a cold start; one replies 503 to 40 % of its requests, 100 ms later.`,
      'No breaker and consecutive failures: least request, with failures counted at their real time, as published. Success rate: our default balancing (EWMA, failures count as slow). With retries: the same and up to two retries inside the budget.',
      'Published, without retries: 95, 97 and 99 %.',
    ],
  });
}
