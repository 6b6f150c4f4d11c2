import { closedLoop } from '../../drivers/closed-loop.ts';
import { openLoopRun } from '../../drivers/open-loop.ts';
import type { Target } from '../../drivers/request.ts';
import { mannWhitney } from '../../measure/mann-whitney.ts';
import { allLatencies } from '../../measure/run.ts';
import { stageLegend, stageLine, stageTitles } from '../../proof/lines.ts';
import type { Comparison, Report, Stage } from '../../proof/report-data.ts';
import { reportOf } from '../../proof/report-of.ts';
import { measureWindow, summarize, type Window } from '../../proof/stage.ts';

import { type Documents, documentsOf } from '../../rig/documents.ts';
import { Instances } from '../../rig/instances.ts';
import { startMesh } from '../../rig/mesh-process.ts';
import { startCaddy, startHaproxy, startHttpProxy, startNginx } from '../../rig/proxies/proxies.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';
import { taxChecks, taxFigures, taxHeadline } from './checks.ts';

export const meshTax: Scenario = {
  name: 'mesh:tax',
  file: 'mesh-tax',
  summary: 'what a request costs directly, and through the mesh, http-proxy, HAProxy, nginx and Caddy',
  run: measureTax,
};

const saturating = 32;

/** For each contender, before anything counts: what is compiled while it runs has come to its final code by then. */
const warmUpMs = 5000;

interface Contender {
  name: string;
  url: string;
  /** The proxy's; null for the direct way. */
  pid: number | null;
}

async function measureTax(options: ScenarioOptions): Promise<Report> {
  const { quick, seed, folder, say, progress, signal } = options;
  const startedAt = new Date();
  const rounds = quick ? 3 : 5;
  const windowMs = quick ? 1000 : 4000;
  const rates = quick ? [500, 1000] : [500, 1000, 2000];
  const cleanUp: (() => Promise<void>)[] = [];
  try {
    const instances = await Instances.start([{ name: 'shop', count: 1 }], seed);
    cleanUp.push(() => instances.stop());
    const port = instances.all[0]?.port ?? 0;
    const contenders = await contendersBefore(port, folder, cleanUp, say);
    const targetOf = (url: string): Target => ({
      url,
      requests: [
        {
          method: 'GET',
          path: '/v2/products?page=1',
          headers: { authorization: 'Bearer 0123456789', accept: 'application/json' },
        },
      ],
    });
    const watched = ({ name, pid }: Contender) => ({ ours: { [name]: pid }, stores: { upstream: instances.pid } });
    const total = contenders.length * (1 + rounds * (1 + rates.length));
    let done = 0;
    for (const { name, url } of contenders) {
      signal.throwIfAborted();
      progress(++done, total, `${name} warms up`);
      await closedLoop(targetOf(url), { connections: saturating, durationMs: warmUpMs }, signal);
    }

    const saturated = new Map(contenders.map(({ name }) => [name, [] as Window[]]));
    const steady = new Map(
      contenders.flatMap(({ name }) => rates.map((rate) => [`${name} ${rate}`, [] as Window[]] as const)),
    );
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of contenders) {
        signal.throwIfAborted();
        progress(++done, total, `round ${round + 1}: ${contender.name}, as fast as it goes`);
        const drive = () =>
          closedLoop(targetOf(contender.url), { connections: saturating, durationMs: windowMs }, signal);
        saturated.get(contender.name)?.push(await measureWindow(watched(contender), drive));
      }
      for (const rate of rates) {
        for (const contender of contenders) {
          signal.throwIfAborted();
          progress(++done, total, `round ${round + 1}: ${contender.name} at ${rate} a second`);
          const drive = () =>
            openLoopRun(targetOf(contender.url), { perSecond: rate, durationMs: windowMs, seed }, signal);
          steady.get(`${contender.name} ${rate}`)?.push(await measureWindow(watched(contender), drive));
        }
      }
    }
    const stages: Stage[] = contenders.map(({ name }) =>
      summarize(
        { name, control: name !== 'mesh', driver: 'autocannon', connections: saturating, ours: [name] },
        saturated.get(name) ?? [],
      ),
    );
    for (const rate of rates) {
      for (const { name } of contenders) {
        const profile = { driver: 'open-loop', connections: 64, offeredPerSecond: rate, ours: [name] } as const;
        stages.push(
          summarize(
            { name: `${name}-${rate}`, control: name !== 'mesh', ...profile },
            steady.get(`${name} ${rate}`) ?? [],
          ),
        );
      }
    }
    say(stageTitles);
    for (const stage of stages) say(stageLine(stage));
    say(stageLegend);
    const names = contenders.map(({ name }) => name);
    const highest = rates.at(-1) ?? 0;
    const samplesOf = (name: string) =>
      (steady.get(`${name} ${highest}`) ?? []).flatMap(({ run }) => allLatencies(run));
    return reportOf('mesh:tax', 'What the mesh costs', startedAt, options, {
      headline: taxHeadline(stages, names),
      stages,
      figures: taxFigures(stages, names, rates),
      comparisons: names.slice(1).map((name): Comparison => {
        const { larger, p } = mannWhitney(samplesOf(name), samplesOf('direct'));
        return { first: `${name}-${highest}`, second: `direct-${highest}`, larger, p };
      }),
      checks: taxChecks(stages),
      notes: [
        'The mesh runs with its whole stack: access log (written), tracing, metrics, retries, breakers, limits, EWMA over one endpoint.',
        'http-proxy has the keep-alive agent without which it opens a connection for every request; HAProxy has one thread, nginx one worker and Caddy one core, all without access logs. Caddy and nginx are shown and not judged.',
        `Each is warmed up for ${warmUpMs / 1000} s as fast as it goes before anything counts.`,
        `Saturation: closed loop, ${saturating} connections. Added latency: open loop at a fixed rate, beside the direct way in the same round.`,
      ],
    });
  } finally {
    for (const stop of cleanUp.reverse()) await stop();
  }
}

async function contendersBefore(
  port: number,
  folder: string,
  cleanUp: (() => Promise<void>)[],
  say: (line: string) => void,
): Promise<Contender[]> {
  const documents: Documents = (edgePort) =>
    documentsOf(
      [
        {
          name: 'shop',
          ports: [port],
          policy: { retry: { perTryTimeout: '10s' }, hedging: { percentile: 99, minDelay: '500ms' } },
        },
      ],
      [
        {
          name: 'shop',
          service: 'shop',
          side: 'edge',
          timeouts: { request: '30s', backendRequest: '15s' },
          retry: { codes: [502, 503, 504], attempts: 2 },
        },
      ],
      edgePort,
    );
  const mesh = await startMesh(folder, documents);
  cleanUp.push(() => mesh.stop());
  const contenders: Contender[] = [
    { name: 'direct', url: `http://127.0.0.1:${port}`, pid: null },
    { name: 'mesh', url: mesh.url, pid: mesh.pid },
  ];
  for (const [name, start] of [
    ['http-proxy', startHttpProxy],
    ['haproxy', startHaproxy],
    ['nginx', startNginx],
    ['caddy', startCaddy],
  ] as const) {
    const proxy = await start(port);
    if (proxy === null) {
      say(`${name} is not installed: left out. On Debian: apt-get install ${name}`);
      continue;
    }
    cleanUp.push(() => proxy.stop());
    contenders.push({ name, url: proxy.url, pid: proxy.pid });
  }
  return contenders;
}
