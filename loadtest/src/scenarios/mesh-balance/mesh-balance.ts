import { openLoopRun } from '../../drivers/open-loop.ts';
import { bars, failedPercent, fewerFailures } from '../../proof/headline.ts';
import { stageLegend, stageLine, stageTitles } from '../../proof/lines.ts';
import type { Report, Stage } from '../../proof/report-data.ts';
import { reportOf } from '../../proof/report-of.ts';
import { measureWindow, summarize } from '../../proof/stage.ts';
import { succeeds, successPercent } from '../../proof/success.ts';
import { judge } from '../../proof/verdict.ts';
import { documentsOf } from '../../rig/documents.ts';
import { Instances } from '../../rig/instances.ts';
import { startMesh } from '../../rig/mesh-process.ts';
import { withTimeline } from '../../rig/timeline.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';

export const meshBalance: Scenario = {
  name: 'mesh:balance',
  file: 'mesh-balance',
  summary: 'one slow backend of eleven: round robin, least request, peak EWMA, EWMA with hedging',
  run: measureBalance,
};

/** Breakers and retries are off: what is compared is the choice of the endpoint alone. */
const alone = { circuitBreaker: { enabled: false } };
const contenders = [
  { name: 'round-robin', control: true, policy: { ...alone, loadBalancer: { algorithm: 'RoundRobin' } } },
  { name: 'least-request', control: true, policy: { ...alone, loadBalancer: { algorithm: 'LeastRequest' } } },
  { name: 'ewma', control: false, policy: { ...alone, loadBalancer: { algorithm: 'EWMA' } } },
  {
    name: 'ewma-hedging',
    control: false,
    policy: {
      ...alone,
      loadBalancer: { algorithm: 'EWMA' },
      hedging: { percentile: 95, minDelay: '200ms', maxHedges: 1 },
    },
  },
] as const;

/**
 * Buoyant's experiment ("Beyond round robin", 2016): eleven backends with a median of 167 ms, a client at 1,000
 * requests a second for a minute, one backend at 2 s from second 15 to 45, and a timeout of 1 s. Published: 95, 99 and
 * 99.9 % success.
 */
async function measureBalance(options: ScenarioOptions): Promise<Report> {
  const { quick, seed, folder, say, progress, signal } = options;
  const startedAt = new Date();
  const scale = quick ? 0.15 : 1;
  const perSecond = 1000;
  const durationMs = 60_000 * scale;
  const instances = await Instances.start([{ name: 'shop', count: 11, behavior: { medianMs: 167, sdMs: 5 } }], seed);
  const stages: Stage[] = [];
  try {
    say(stageTitles);
    for (const [index, { name, policy, control }] of contenders.entries()) {
      signal.throwIfAborted();
      progress(index, contenders.length, name);
      const ports = instances.all.map(({ port }) => port);
      const route = { name: 'shop', service: 'shop', side: 'edge', timeouts: { request: '1s' } } as const;
      const mesh = await startMesh(folder, (edge) => documentsOf([{ name: 'shop', ports, policy }], [route], edge));
      try {
        const target = { url: mesh.url, requests: [{ method: 'GET', path: '/', headers: {} }] };
        await openLoopRun(target, { perSecond: 200, durationMs: quick ? 1500 : 3000, connections: 256 }, signal); // thrown away
        const slow = { medianMs: 2000 };
        const events = [
          { atMs: 15_000 * scale, happen: () => instances.behave(0, slow) },
          { atMs: 45_000 * scale, happen: () => instances.behave(0, { medianMs: 167 }) },
        ];
        const profile = { perSecond, durationMs, connections: 1024, outstandingMax: 5000, timeoutMs: 5000, seed };
        const window = await measureWindow({ ours: { mesh: mesh.pid }, stores: { backends: instances.pid } }, () =>
          withTimeline(events, () => openLoopRun(target, profile, signal)),
        );
        const stage = summarize(
          { name, control, driver: 'open-loop', connections: 1024, offeredPerSecond: perSecond, ours: ['mesh'] },
          [window],
        );
        stages.push(stage);
        say(`${stageLine(stage)}  ${successPercent(stage).toFixed(3)} %`);
      } finally {
        await mesh.stop();
        instances.behave(0, { medianMs: 167 });
      }
    }
  } finally {
    await instances.stop();
  }
  say(stageLegend);
  const at = (name: string) => stages.find((stage) => stage.name === name);
  return reportOf('mesh:balance', 'One slow backend of eleven', startedAt, options, {
    headline: {
      done: 'One backend of eleven was slow for half the time. Peak EWMA with hedging steers around it; round robin does not.',
      ...fewerFailures(at('round-robin'), at('ewma-hedging')),
      stages: ['round-robin', 'ewma-hedging'],
      chart: {
        title: 'Requests that failed',
        unit: '%',
        bars: bars(
          stages,
          contenders.map(({ name }) => name),
          failedPercent,
        ),
      },
    },
    stages,
    checks: [
      // Noticing takes the same few dozen requests however long the run is: a shorter run has a larger share of them.
      succeeds(stages, 'ewma', 100 - 0.1 / scale),
      succeeds(stages, 'ewma-hedging', 99.99),
      judge(
        'EWMA loses least',
        ['round-robin', 'least-request'].every((other) => success(stages, other) <= success(stages, 'ewma')),
        contenders.map(({ name }) => `${name} ${success(stages, name).toFixed(3)} %`).join(', '),
        ['round-robin', 'least-request', 'ewma'].map(at),
      ),
    ],
    notes: [
      `Eleven backends, median 167 ms (standard deviation 5), ${perSecond} requests a second for ${durationMs / 1000} s, one backend at 2 s for half of it, request timeout 1 s${quick ? '; scaled in time' : ''}.`,
      'Retries and circuit breakers are off: the choice of the endpoint is compared alone. Published: 95 % round robin, 99 % least loaded, 99.9 % peak EWMA.',
    ],
  });
}

function success(stages: readonly Stage[], name: string): number {
  const stage = stages.find((one) => one.name === name);
  return stage === undefined ? Number.NaN : successPercent(stage);
}
