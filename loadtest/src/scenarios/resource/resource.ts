import { setTimeout as pause } from 'node:timers/promises';
import { closedLoop } from '../../drivers/closed-loop.ts';
import { openLoopRun } from '../../drivers/open-loop.ts';
import { mannWhitney } from '../../measure/mann-whitney.ts';
import { allLatencies } from '../../measure/run.ts';
import { readClients, tokenRequest } from '../../platform/clients.ts';
import { debtsPaidBy } from '../../platform/debts.ts';
import { namesRunning } from '../../platform/running.ts';
import { PlatformStack } from '../../platform/stack.ts';
import { stageLegend, stageLine, stageTitles } from '../../proof/lines.ts';
import type { Comparison, Report } from '../../proof/report-data.ts';
import { reportOf } from '../../proof/report-of.ts';
import { measureWindow, summarize, type Window } from '../../proof/stage.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';
import { resourceChecks, resourceFigures, resourceHeadline } from './checks.ts';
import { fullPlan, loadOf, quickPlan, type ResourcePlan } from './plan.ts';
import { type CallApi, type ResourceReads, resourceReads } from './reads.ts';
import { type ResourceTarget, resourceTargets, type StageName, stageNames } from './targets.ts';

const connections = 32;

export const resource: Scenario = {
  name: 'resource',
  file: 'resource',
  summary: 'the reads of one resource, from the monolith and from its service, directly and through the mesh',
  subjects: { kind: 'name', names: Object.keys(resourceReads) },
  run: measureResource,
};

async function measureResource(options: ScenarioOptions): Promise<Report> {
  if (namesRunning(process.env)) {
    throw new Error('`resource` starts a platform of its own, because it sends single requests past the weights');
  }
  const name = options.subject ?? '';
  const reads = resourceReads[name];
  if (!reads) throw new Error(`there is no resource ${name}`);
  const { say, folder } = options;
  const plan = options.quick ? quickPlan : fullPlan;
  const startedAt = new Date();
  say('Bringing the platform up on the reference data (the first time it is seeded: about a minute) …');
  const stack = await ownPlatform(options);
  try {
    const { call, token } = await openApi(stack);
    const targets = resourceTargets(stack, reads, await reads.paths(call), token);
    await mustReply(targets);
    const { stages, latencyMs, perSecond } = await measure(targets, plan, options);
    return reportOf('resource', `What extracting ${name} gains`, startedAt, options, {
      headline: resourceHeadline(name, stages),
      stages,
      figures: resourceFigures(stages),
      paidDebts: await debtsPaidBy(reads.service, folder),
      comparisons: comparisonsOf(latencyMs),
      checks: resourceChecks(stages),
      stores: Object.fromEntries(Object.entries(stack.status.stores).map(([store, { source }]) => [store, source])),
      notes: notesOf(name, reads, perSecond, targets[0]?.target.requests.length ?? 0),
    });
  } finally {
    say('Stopping the platform …');
    await stack.stop();
  }
}

function ownPlatform({ say, folder, signal }: ScenarioOptions): Promise<PlatformStack> {
  const args = ['--stack', 'load', '--size', 'reference', '--ports', 'auto', '--stage', 'services'];
  return PlatformStack.start(
    folder,
    [...args, '--env', 'mesh.OVERRIDE_FROM=127.0.0.1'],
    ({ event, process, message, ms }) => {
      if (event === 'done' || event === 'ready')
        say(`  ${process}: ${event}${ms === undefined ? '' : ` after ${(ms / 1000).toFixed(1)} s`}`);
      if (event === 'exited' || event === 'down' || event === 'note')
        say(`  ${process ?? ''} ${event} ${message ?? ''}`);
    },
    signal,
  );
}

/** A token of the auth service, which both sides verify by themselves, and calls with it. */
async function openApi(stack: PlatformStack): Promise<{ call: CallApi; token: string }> {
  const edge = stack.process('mesh').urls.edge ?? '';
  const [client] = readClients(stack.status.credentials ?? '');
  if (!client) throw new Error('the platform has no API client with a secret');
  const { method, path, headers, body = '' } = tokenRequest(client);
  const issued = (await json(await fetch(`${edge}${path}`, { method, headers, body }))) as { access_token: string };
  const token = issued.access_token;
  const call: CallApi = async (verb, where, content) =>
    json(
      await fetch(`${edge}${where}`, {
        method: verb,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(content ? { body: JSON.stringify(content) } : {}),
      }),
    );
  return { call, token };
}

/** The body holds no secret where it is a refusal. */
async function json(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${new URL(response.url).pathname} replied ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** How long the follower may lack what was just made to be read. */
const followMs = 30_000;

/** @throws Error with the first read that one of the ways refuses, after it has had time to follow */
async function mustReply(targets: readonly ResourceTarget[]): Promise<void> {
  const untilMs = performance.now() + followMs;
  for (const { name, target } of targets) {
    for (const { path, headers } of target.requests) {
      for (;;) {
        const reply = await fetch(`${target.url}${path}`, { headers });
        await reply.body?.cancel();
        if (reply.ok) break;
        if (performance.now() > untilMs) throw new Error(`${name} replied ${reply.status} to GET ${path}`);
        await pause(200);
      }
    }
  }
}

async function measure(targets: readonly ResourceTarget[], plan: ResourcePlan, options: ScenarioOptions) {
  const { say, progress, signal, seed } = options;
  const total = (plan.rounds + 1) * targets.length;
  let done = 0;
  let slowest = Number.POSITIVE_INFINITY;
  for (const { name, target } of targets) {
    progress(++done, total, `warm-up: ${name}`);
    const { latencyMs } = await closedLoop(target, { connections: 1, durationMs: plan.warmUpMs }, signal);
    slowest = Math.min(slowest, (latencyMs.length / plan.warmUpMs) * 1_000);
  }
  const load = loadOf(plan, slowest);
  const windows: Record<StageName, Window[]> = { monolith: [], service: [], 'monolith-mesh': [], 'service-mesh': [] };
  for (let round = 0; round < plan.rounds; round++) {
    for (const { name, target, watched } of targets) {
      progress(++done, total, `round ${round + 1}: ${name}`);
      const profile = { ...load, seed: seed + round, connections, warmUpMs: 100 };
      windows[name].push(await measureWindow(watched, () => openLoopRun(target, profile, signal)));
    }
  }
  const stages = targets.map(({ name, ours }) =>
    summarize(
      {
        name,
        control: name.startsWith('monolith'),
        driver: 'open-loop',
        connections,
        offeredPerSecond: load.perSecond,
        ours,
      },
      windows[name],
    ),
  );
  say(stageTitles);
  for (const stage of stages) say(stageLine(stage));
  say(stageLegend);
  const latencyMs = Object.fromEntries(
    stageNames.map((name) => [name, windows[name].flatMap(({ run }) => allLatencies(run))]),
  ) as Record<StageName, number[]>;
  return { stages, latencyMs, perSecond: load.perSecond };
}

function comparisonsOf(latencyMs: Record<StageName, number[]>): Comparison[] {
  const pairs: [StageName, StageName][] = [
    ['monolith', 'service'],
    ['monolith-mesh', 'service-mesh'],
  ];
  return pairs.map(([first, second]) => ({ first, second, ...mannWhitney(latencyMs[first], latencyMs[second]) }));
}

function notesOf(name: string, { service }: ResourceReads, perSecond: number, paths: number): string[] {
  return [
    `${paths} different reads of ${name} take turns: pages of the list, single entities, and files where they have some. All four ways get the same ones, at ${perSecond} a second, which is less than half of what one connection of the slowest way carries.`,
    `The ${service} service owns the ${name}, and the monolith follows it. \`x-mesh-override\` sends single requests through the mesh to the monolith, so that no weight changes during the measurement.`,
    'The token of all reads is one that the auth service signed: the monolith verifies it without its slow table of tokens, which the proof `token` measures.',
  ];
}
