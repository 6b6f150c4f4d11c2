import { openLoopRun } from '../../drivers/open-loop.ts';
import { stageLine, stageTitles } from '../../proof/lines.ts';
import type { Check, Report, Stage } from '../../proof/report-data.ts';
import { reportOf } from '../../proof/report-of.ts';
import { measureWindow, summarise } from '../../proof/stage.ts';
import { successPercent } from '../../proof/success.ts';
import { documentsOf, type RouteDocument } from '../../rig/documents.ts';
import { Fleet } from '../../rig/fleet.ts';
import { freePorts } from '../../rig/free-port.ts';
import { startMesh } from '../../rig/mesh-process.ts';
import { withTimeline } from '../../rig/timeline.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';

export const meshStorm: Scenario = {
  name: 'mesh:storm',
  file: 'mesh-storm',
  summary: 'a service three hops deep fails half its requests: load it gets with naive retries and with the budget',
  run: measureStorm,
};

const perSecond = 100;
const floor = 10;
const retry = { codes: [502, 503, 504], attempts: 3, backoff: '5ms' };
const off = { circuitBreaker: { enabled: false } };
const contenders = [
  { name: 'no-retries', policy: off, retries: false },
  // As far open as the mesh's budget goes: every request may be retried.
  {
    name: 'naive-retries',
    policy: { ...off, retryBudget: { percent: 100, minRetriesPerSecond: 100_000 } },
    retries: true,
  },
  { name: 'budget', policy: { ...off, retryBudget: { percent: 20, minRetriesPerSecond: floor } }, retries: true },
] as const;

interface Storm {
  stage: Stage;
  /** Requests that the failing service got for each one that was offered to the first. */
  amplification: number;
  /** From the end of the failures to the last request that failed, in milliseconds. */
  recoveryMs: number;
}

async function measureStorm(options: ScenarioOptions): Promise<Report> {
  const { quick, say, progress, signal } = options;
  const startedAt = new Date();
  const failMs = quick ? 5000 : 20_000;
  const storms = new Map<string, Storm>();
  say(stageTitles);
  for (const [index, contender] of contenders.entries()) {
    signal.throwIfAborted();
    progress(index, contenders.length, contender.name);
    const storm = await oneStorm(contender, failMs, options);
    storms.set(contender.name, storm);
    say(
      `${stageLine(storm.stage)}  ${successPercent(storm.stage).toFixed(2)} %, load x ${storm.amplification.toFixed(2)}`,
    );
  }
  const stages = [...storms.values()].map(({ stage }) => stage);
  return reportOf('mesh:storm', 'A retry storm, three hops deep', startedAt, options, {
    stages,
    checks: stormChecks(storms),
    notes: [
      `Edge → first → second → third, each call through the mesh, ${perSecond} requests a second; the third fails half its requests for ${failMs / 1000} s.`,
      'Breakers are off: the budget is seen alone. All three hops may retry: three layers of three retries could make 64 requests of one.',
      ...[...storms].map(
        ([name, { amplification, recoveryMs }]) =>
          `${name}: the failing service got ${amplification.toFixed(2)} requests for each one offered; last failure ${(recoveryMs / 1000).toFixed(2)} s after it was well again.`,
      ),
    ],
  });
}

async function oneStorm(
  { name, policy, retries }: (typeof contenders)[number],
  failMs: number,
  { seed, folder }: ScenarioOptions,
): Promise<Storm> {
  // The services call each other at the mesh's east-west port, which must be known before they start.
  const [internal = 0] = await freePorts(1);
  const hop = (host: string) => ({ url: `http://127.0.0.1:${internal}/`, host });
  const fleet = await Fleet.start(
    [
      { name: 'first', count: 2, behaviour: { medianMs: 2 }, next: hop('second') },
      { name: 'second', count: 2, behaviour: { medianMs: 2 }, next: hop('third') },
      { name: 'third', count: 2, behaviour: { medianMs: 5 } },
    ],
    seed,
  );
  try {
    const portsOf = (service: string) =>
      fleet.instances.filter((one) => one.service === service).map(({ port }) => port);
    const services = ['first', 'second', 'third'].map((service) => ({
      name: service,
      ports: portsOf(service),
      policy,
    }));
    const routes = services.map(
      ({ name: service }, index): RouteDocument => ({
        name: service,
        service,
        side: index === 0 ? 'edge' : 'internal',
        timeouts: { request: '5s' },
        ...(retries ? { retry: { ...retry, codes: [...retry.codes] } } : {}),
      }),
    );
    const mesh = await startMesh(folder, (edge) => documentsOf(services, routes, edge), internal);
    try {
      const failing = fleet.instances.flatMap(({ service }, index) => (service === 'third' ? [index] : []));
      const fail = (failShare: number) => {
        for (const index of failing) fleet.behave(index, { failShare });
      };
      const quietMs = 2000;
      const durationMs = failMs + 2 * quietMs;
      let before: Record<string, number> = {};
      let after: Record<string, number> = {};
      const events = [
        {
          atMs: quietMs,
          happen: () =>
            void fleet.seen().then((seen) => {
              before = seen;
              fail(0.5);
            }),
        },
        {
          atMs: quietMs + failMs,
          happen: () =>
            void fleet.seen().then((seen) => {
              after = seen;
              fail(0);
            }),
        },
      ];
      const target = { url: mesh.url, requests: [{ method: 'GET', path: '/', headers: {} }] };
      const window = await measureWindow({ ours: { mesh: mesh.pid }, stores: { backends: fleet.pid } }, () =>
        withTimeline(events, () => openLoopRun(target, { perSecond, durationMs, connections: 256, seed })),
      );
      const stage = summarise(
        { name, driver: 'open-loop', connections: 256, offeredPerSecond: perSecond, ours: ['mesh'] },
        [window],
      );
      const got = (after.third ?? 0) - (before.third ?? 0);
      const answeredAfter = window.run.atMs.filter((at) => at >= quietMs + failMs).length;
      const owedAfter = (perSecond * quietMs) / 1000;
      return {
        stage,
        amplification: got / ((perSecond * failMs) / 1000),
        recoveryMs: ((owedAfter - Math.min(owedAfter, answeredAfter)) / perSecond) * 1000,
      };
    } finally {
      await mesh.stop();
    }
  } finally {
    await fleet.stop();
  }
}

/** Each of the three hops keeps its own budget: what they may add multiplies. */
function stormChecks(storms: ReadonlyMap<string, Storm>): Check[] {
  const naive = storms.get('naive-retries')?.amplification ?? Number.NaN;
  const bounded = storms.get('budget')?.amplification ?? Number.NaN;
  const perHop = 1.2 + floor / perSecond;
  const bound = perHop ** 3;
  return [
    {
      name: 'load on the failing service with the budget',
      pass: bounded <= bound * 1.02,
      detail: `${bounded.toFixed(2)} times, asked: at most 1.2 and the floor of ${floor} a second at each of three hops, ${bound.toFixed(2)} in all`,
    },
    {
      name: 'naive retries are worse',
      pass: naive > bounded,
      detail: `${naive.toFixed(2)} times to ${bounded.toFixed(2)} times`,
    },
    {
      name: 'success with the budget beside without retries',
      pass:
        successPercent(storms.get('budget')?.stage ?? { requests: 0, errors: 0 }) >
        successPercent(storms.get('no-retries')?.stage ?? { requests: 0, errors: 0 }),
      detail: [...storms].map(([name, { stage }]) => `${name} ${successPercent(stage).toFixed(2)} %`).join(', '),
    },
    {
      name: 'recovery with the budget',
      pass: (storms.get('budget')?.recoveryMs ?? Number.NaN) <= 1000,
      detail: `${((storms.get('budget')?.recoveryMs ?? Number.NaN) / 1000).toFixed(2)} s worth of requests failed after the service was well again, asked: at most 1 s`,
    },
  ];
}
