import { openLoopRun } from '../../drivers/open-loop.ts';
import { mannWhitney } from '../../measure/mann-whitney.ts';
import { allLatencies } from '../../measure/run.ts';
import { stageLegend, stageLine, stageTitles } from '../../proof/lines.ts';
import type { Comparison, Report, Stage } from '../../proof/report-data.ts';
import { reportOf } from '../../proof/report-of.ts';
import { measureWindow, summarize } from '../../proof/stage.ts';
import { successPercent } from '../../proof/success.ts';
import type { Behavior } from '../../rig/behavior.ts';
import { documentsOf } from '../../rig/documents.ts';
import { Instances } from '../../rig/instances.ts';
import { startMesh } from '../../rig/mesh-process.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';
import { worstChecks, worstHeadline } from './checks.ts';

export const meshWorst: Scenario = {
  name: 'mesh:worst',
  file: 'mesh-worst',
  summary: 'healthy, one slow, one failing, one hanging instance of five: with the mesh and without',
  run: measureWorst,
};

const usual = { medianMs: 10, sdMs: 1 };
const well = { ...usual, failShare: 0, hangs: false };
const cases: { name: string; ill: Partial<Behavior> }[] = [
  { name: 'healthy', ill: {} },
  { name: 'slow', ill: { medianMs: 1500, sdMs: 50 } },
  { name: 'failing', ill: { failShare: 1 } },
  { name: 'hanging', ill: { hangs: true } },
];
/** Every feature on that a team would switch on for a service that is read. */
const policy = {
  retry: { perTryTimeout: '250ms' },
  hedging: { percentile: 99, minDelay: '50ms', maxHedges: 1 },
};
const route = {
  name: 'shop',
  service: 'shop',
  side: 'edge',
  timeouts: { request: '5s' },
  retry: { codes: [502, 503, 504], attempts: 2, backoff: '5ms' },
} as const;

async function measureWorst(options: ScenarioOptions): Promise<Report> {
  const { quick, seed, folder, say, progress, signal } = options;
  const startedAt = new Date();
  const perSecond = 200;
  const durationMs = quick ? 4000 : 20_000;
  const stages: Stage[] = [];
  /** For the rank test, failed requests among them. */
  const samples = new Map<string, number[]>();
  const instances = await Instances.start([{ name: 'shop', count: 5, behavior: usual }], seed);
  try {
    const ports = instances.all.map(({ port }) => port);
    const requests = [{ method: 'GET', path: '/', headers: {} }];
    say(stageTitles);
    for (const [index, { name, ill }] of cases.entries()) {
      // A mesh of its own for each: what it learned of the last illness must not help it with the next.
      const documents = (edge: number) =>
        documentsOf(
          [{ name: 'shop', ports, policy }],
          [{ ...route, retry: { ...route.retry, codes: [...route.retry.codes] } }],
          edge,
        );
      const mesh = await startMesh(folder, documents);
      try {
        const ways = [
          {
            way: 'without',
            target: {
              url: `http://127.0.0.1:${ports[0]}`,
              urls: ports.map((port) => `http://127.0.0.1:${port}`),
              requests,
            },
            ours: {},
          },
          { way: 'with', target: { url: mesh.url, requests }, ours: { mesh: mesh.pid } },
        ];
        for (const { target } of ways)
          await openLoopRun(target, { perSecond, durationMs: quick ? 1000 : 2000, connections: 500, seed }, signal);
        for (const [nth, { way, target, ours }] of ways.entries()) {
          signal.throwIfAborted();
          progress(index * 2 + nth, cases.length * 2, `${name}, ${way} the mesh`);
          instances.behave(0, { ...well, ...ill });
          const window = await measureWindow({ ours, stores: { instances: instances.pid } }, () =>
            openLoopRun(target, { perSecond, durationMs, connections: 2000, timeoutMs: 5000, seed }, signal),
          );
          instances.behave(0, well);
          const profile = {
            driver: 'open-loop',
            connections: 2000,
            offeredPerSecond: perSecond,
            ours: Object.keys(ours),
          } as const;
          const stage = summarize({ name: `${name}-${way}`, control: way === 'without', ...profile }, [window]);
          samples.set(stage.name, allLatencies(window.run));
          stages.push(stage);
          say(`${stageLine(stage)}  ${successPercent(stage).toFixed(2)} %`);
        }
      } finally {
        await mesh.stop();
      }
    }
  } finally {
    await instances.stop();
  }
  say(stageLegend);
  return reportOf('mesh:worst', 'The small price and the large gain', startedAt, options, {
    headline: worstHeadline(stages),
    stages,
    comparisons: cases.map(({ name }): Comparison => {
      const [first, second] = [`${name}-without`, `${name}-with`];
      const { larger, p } = mannWhitney(samples.get(first) ?? [], samples.get(second) ?? []);
      return { first, second, larger, p };
    }),
    checks: worstChecks(stages),
    notes: [
      `Five instances of about 10 ms, ${perSecond} requests a second for ${durationMs / 1000} s in each case; the illness begins with the measurement, so what the mesh needs to notice it is in the figures.`,
      'Without: a client that knows all five instances, takes turns, and gives up after 5 s, which then counts as 5 s. With: the same client and the mesh, all its policies on.',
      'slow: one instance takes 1.5 s. failing: one replies 503 at once. hanging: one never replies.',
    ],
  });
}
