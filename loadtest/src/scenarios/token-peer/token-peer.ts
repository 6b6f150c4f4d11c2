import { closedLoop } from '../../drivers/closed-loop.ts';
import { commit, machine } from '../../measure/machine.ts';
import { mannWhitney } from '../../measure/mann-whitney.ts';
import { allLatencies, joinRuns } from '../../measure/run.ts';
import { readClients, tokenRequest } from '../../platform/clients.ts';
import { namesRunning } from '../../platform/running.ts';
import { PlatformStack } from '../../platform/stack.ts';
import { ratioOf } from '../../proof/headline.ts';
import { stageLegend, stageLine, stageTitles } from '../../proof/lines.ts';
import type { Report } from '../../proof/report-data.ts';
import { measureWindow, summarize, type Window } from '../../proof/stage.ts';
import { atLeast, noErrors, verdictOf } from '../../proof/verdict.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';
import { assertSigns } from './assert-signs.ts';
import { peerRequest, startPeer } from './peer.ts';

const connections = 8;

export const tokenPeer: Scenario = {
  name: 'token:peer',
  file: 'token-peer',
  summary: 'tokens per second and core of the auth service and of oidc-provider, alternating',
  run: measurePeers,
};

async function measurePeers({ folder, quick, seed, say, progress, signal }: ScenarioOptions): Promise<Report> {
  if (namesRunning(process.env)) {
    throw new Error('token:peer starts a platform of its own: run it with npm, without LOAD_EDGE_URL');
  }
  const startedAt = new Date();
  const rounds = quick ? 3 : 7;
  const durationMs = quick ? 1500 : 4000;
  say('Bringing the auth service up …');
  const args = ['--stack', 'load', '--size', 'reference', '--ports', 'auto', '--stage', 'monolith'];
  const stack = await PlatformStack.start(folder, args, () => {}, signal);
  try {
    const client = readClients(stack.status.credentials ?? '')[0];
    if (client === undefined) throw new Error('the seed left no API client with a secret');
    const peer = await startPeer(client);
    try {
      const auth = stack.process('auth');
      const stores = { postgres: stack.status.stores.postgres?.pid ?? null };
      const shop = tokenRequest(client);
      const contenders = [
        { name: 'auth', url: auth.url, pid: auth.pid, request: shop, stores },
        { name: 'oidc-provider', url: peer.url, pid: peer.pid, request: peerRequest(shop), stores: {} },
      ];
      for (const { name, url, request } of contenders) await assertSigns(name, { url, requests: [request] });
      const windows = contenders.map((): Window[] => []);
      for (const { url, request } of contenders) {
        await closedLoop({ url, requests: [request] }, { connections, durationMs: quick ? 1000 : 2000 }, signal);
      }
      for (let round = 0; round < rounds; round += 1) {
        for (const [index, { name, url, pid, request, stores: behind }] of contenders.entries()) {
          signal.throwIfAborted();
          progress(round * 2 + index + 1, rounds * 2, `round ${round + 1}: ${name}`);
          const drive = () => closedLoop({ url, requests: [request] }, { connections, durationMs }, signal);
          windows[index]?.push(await measureWindow({ ours: { [name]: pid }, stores: behind }, drive));
        }
      }
      const stages = contenders.map(({ name }, index) =>
        summarize(
          { name, control: name !== 'auth', driver: 'autocannon', connections, ours: [name] },
          windows[index] ?? [],
        ),
      );
      say(stageTitles);
      for (const stage of stages) say(stageLine(stage));
      say(stageLegend);
      const [ours, theirs] = stages;
      const perCore = (stage = ours) => 1_000_000 / (stage?.cpuUsPerRequest ?? Number.NaN);
      const samples = windows.map((all) => allLatencies(joinRuns(all.map(({ run }) => run))));
      const { larger, p } = mannWhitney(samples[1] ?? [], samples[0] ?? []);
      return {
        scenario: 'token:peer',
        title: 'Tokens per second and core: the auth service and oidc-provider',
        headline: {
          done: 'Both check a client secret and sign a JWT with ES256; one core each, alternating.',
          ...ratioOf(perCore(theirs), perCore(ours), 'the tokens of oidc-provider', 'tokens per second and core'),
          stages: ['oidc-provider', 'auth'],
          chart: {
            title: 'Tokens for one second of CPU',
            unit: '',
            bars: stages.map((stage) => ({ label: stage.name, value: perCore(stage), control: stage.control })),
          },
        },
        startedAt: startedAt.toISOString(),
        tookMs: Date.now() - startedAt.getTime(),
        quick,
        commit: commit(folder),
        seed,
        machine: machine({ postgres: stack.status.stores.postgres?.source ?? 'unknown' }),
        stages,
        figures: stages.map((stage) => ({
          of: stage.name,
          name: 'tokens per second and core',
          value: perCore(stage),
          unit: '/s',
        })),
        causes: [],
        paidDebts: [],
        independentMedians: [],
        comparisons: [{ first: 'oidc-provider', second: 'auth', larger, p }],
        residentBytesByProcess: Object.assign({}, ...stages.map((stage) => stage.residentBytesByProcess)),
        notes: [
          `Tokens per second and core (1 s of CPU): auth ${perCore(ours).toFixed(0)}, oidc-provider ${perCore(theirs).toFixed(0)}.`,
          `Closed loop, ${connections} connections, ${rounds} alternating rounds; CPU of the one process from /proc.`,
          'Both check a client secret and sign a JWT with ES256. oidc-provider keeps what it keeps in memory; the auth service has its clients in PostgreSQL, and its CPU is told beside ours.',
        ],
        verdict: verdictOf([
          noErrors(stages),
          atLeast('tokens per second and core, ours to theirs', perCore(ours) / perCore(theirs), 3, stages),
        ]),
      };
    } finally {
      await peer.stop();
    }
  } finally {
    await stack.stop();
  }
}
