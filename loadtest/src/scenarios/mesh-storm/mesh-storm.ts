import { openLoopRun } from '../../drivers/open-loop.ts';
import { stageLegend, stageLine, stageTitles } from '../../proof/lines.ts';
import { recoveryMs } from '../../proof/recovery.ts';
import type { Figure, Report, Stage } from '../../proof/report-data.ts';
import { reportOf } from '../../proof/report-of.ts';
import { measureWindow, summarize } from '../../proof/stage.ts';
import { documentsOf, type RouteDocument } from '../../rig/documents.ts';
import { freePorts } from '../../rig/free-port.ts';
import { Instances } from '../../rig/instances.ts';
import { startMesh } from '../../rig/mesh-process.ts';
import { withTimeline } from '../../rig/timeline.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';
import { type Storm, stormChecks, stormHeadline } from './checks.ts';
import { amplificationBound, type Contender, contenders } from './contenders.ts';

export const meshStorm: Scenario = {
  name: 'mesh:storm',
  file: 'mesh-storm',
  summary: 'a service three hops deep fails half its requests: load it gets with naive retries and with the budget',
  run: measureStorm,
};

const perSecond = 200;
const services = ['first', 'second', 'third'] as const;
/** Thrown away, but paid into the budgets. */
const warmUpMs = 500;
const retry = { codes: [502, 503, 504], attempts: 3, backoff: '5ms' };

/** How long all is well before the failures and after them, and how long they last. */
interface Plan {
  quietMs: number;
  failMs: number;
  afterMs: number;
}

async function measureStorm(options: ScenarioOptions): Promise<Report> {
  const { quick, say, progress, signal } = options;
  const startedAt = new Date();
  const plan: Plan = quick
    ? { quietMs: 1500, failMs: 5000, afterMs: 1500 }
    : { quietMs: 2000, failMs: 20_000, afterMs: 5000 };
  const storms: Storm[] = [];
  say(stageTitles);
  for (const [index, contender] of contenders.entries()) {
    signal.throwIfAborted();
    progress(index, contenders.length, contender.name);
    const storm = await oneStorm(contender, plan, options);
    storms.push(storm);
    say(`${stageLine(storm.stage)}  load x ${storm.load.third.toFixed(2)}`);
  }
  const bound = amplificationBound(perSecond, warmUpMs + plan.quietMs, plan.failMs);
  say(stageLegend);
  return reportOf('mesh:storm', 'A retry storm, three hops deep', startedAt, options, {
    headline: stormHeadline(storms),
    stages: storms.map(({ stage }) => stage),
    figures: storms.flatMap(figuresOf),
    checks: stormChecks(storms, bound),
    notes: [
      `Edge → first → second → third, each call through the mesh, ${perSecond} requests a second; the third fails half its requests for ${plan.failMs / 1000} s.`,
      'Breakers are off: retries are seen alone. Every hop may try again three times: at worst 64 requests of one.',
      'naive-retries: no budget, and every hop by itself. budget-each-hop: each hop keeps its budget, but the services do not pass on what the mesh says about trying again. budget: they do, so that only the hop above a failure tries again.',
      'Load: requests that a service got while the third failed, for each one that was offered to the first. Time to recover: from when the third was well again to the last request that was due then and failed.',
    ],
  });
}

function figuresOf({ stage, load, recoveryMs: tookMs }: Storm): Figure[] {
  const of = stage.name;
  return [
    ...services.map((name) => ({ of, name: `load on the ${name}`, value: load[name], unit: 'times' })),
    { of, name: 'time to recover', value: tookMs, unit: 'ms' },
  ];
}

async function oneStorm(
  { name, policy, retries, passesOn }: Contender,
  { quietMs, failMs, afterMs }: Plan,
  { seed, folder, signal }: ScenarioOptions,
): Promise<Storm> {
  // The services call each other at the mesh's east-west port, which must be known before they start.
  const [internal = 0] = await freePorts(1);
  const hop = (host: string) => ({ url: `http://127.0.0.1:${internal}/`, host, passesOn });
  const instances = await Instances.start(
    [
      { name: 'first', count: 2, behavior: { medianMs: 2 }, next: hop('second') },
      { name: 'second', count: 2, behavior: { medianMs: 2 }, next: hop('third') },
      { name: 'third', count: 2, behavior: { medianMs: 5 } },
    ],
    seed,
  );
  try {
    const portsOf = (service: string) => instances.all.filter((one) => one.service === service).map(({ port }) => port);
    const routes = services.map(
      (service, index): RouteDocument => ({
        name: service,
        service,
        side: index === 0 ? 'edge' : 'internal',
        timeouts: { request: '5s' },
        ...(retries ? { retry } : {}),
      }),
    );
    const documents = (edge: number) =>
      documentsOf(
        services.map((service) => ({ name: service, ports: portsOf(service), policy })),
        routes,
        edge,
      );
    const mesh = await startMesh(folder, documents, internal);
    try {
      const target = { url: mesh.url, requests: [{ method: 'GET', path: '/', headers: {} }] };
      // Thrown away. Also leaves a driver that is ready: the times of events are counted from its start.
      await openLoopRun(target, { perSecond, durationMs: warmUpMs, connections: 64, seed }, signal);
      const failing = instances.all.flatMap(({ service }, index) => (service === 'third' ? [index] : []));
      const counts: Promise<Record<string, number>>[] = [];
      const setFailShare = (failShare: number) => () => {
        counts.push(instances.seen());
        for (const index of failing) instances.behave(index, { failShare });
      };
      const wellAtMs = quietMs + failMs;
      const events = [
        { atMs: quietMs, happen: setFailShare(0.5) },
        { atMs: wellAtMs, happen: setFailShare(0) },
      ];
      const profile = { perSecond, durationMs: wellAtMs + afterMs, connections: 256, seed };
      const window = await measureWindow({ ours: { mesh: mesh.pid }, stores: { backends: instances.pid } }, () =>
        withTimeline(events, () => openLoopRun(target, profile, signal)),
      );
      const [before = {}, after = {}] = await Promise.all(counts);
      const offered = (perSecond * failMs) / 1000;
      const load = (service: string) => ((after[service] ?? 0) - (before[service] ?? 0)) / offered;
      const stage: Stage = summarize(
        {
          name,
          control: name !== 'budget',
          driver: 'open-loop',
          connections: 256,
          offeredPerSecond: perSecond,
          ours: ['mesh'],
        },
        [window],
      );
      return {
        stage,
        load: { first: load('first'), second: load('second'), third: load('third') },
        recoveryMs: recoveryMs(window.run, profile, wellAtMs),
      };
    } finally {
      await mesh.stop();
    }
  } finally {
    await instances.stop();
  }
}
