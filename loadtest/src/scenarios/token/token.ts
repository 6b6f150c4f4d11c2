import { closedLoop } from '../../drivers/closed-loop.ts';
import { median } from '../../measure/latencies.ts';
import { mannWhitney } from '../../measure/mann-whitney.ts';
import { areOfReferenceData, readClients, tokenRequest } from '../../platform/clients.ts';
import { listDebts } from '../../platform/debts.ts';
import { setWeights } from '../../platform/mesh.ts';
import type { Platform } from '../../platform/platform.ts';
import { namesRunning, runningPlatform } from '../../platform/running.ts';
import { PlatformStack } from '../../platform/stack.ts';
import { stageLegend, stageLine, stageTitles } from '../../proof/lines.ts';
import type { Comparison, Report } from '../../proof/report-data.ts';
import { reportOf } from '../../proof/report-of.ts';
import { Instances } from '../../rig/instances.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';
import { tokenChecks } from './checks.ts';
import { tokenFigures, tokenHeadline } from './headline.ts';
import { causeLedger } from './ledger.ts';
import { fullPlan, quickPlan, type TokenPlan } from './plan.ts';
import { type Floor, interleavedRounds } from './rounds.ts';
import { type StageName, stageNames, type TokenTarget, tokenTargets } from './targets.ts';

/** Clients that take turns: more than one, so that no single row is hot; few enough to be warm. */
const clientCount = 20;

export const token: Scenario = {
  name: 'token',
  file: 'token',
  summary: 'one token from the legacy monolith, the tuned monolith and the auth service, through the mesh and directly',
  run: measureTokens,
};

async function measureTokens(options: ScenarioOptions): Promise<Report> {
  const startedAt = new Date();
  const plan = options.quick ? quickPlan : fullPlan;
  const { say } = options;
  const stack = namesRunning(process.env) ? await runningPlatform(process.env, 'token') : await ownPlatform(options);
  const upAt = performance.now();
  let idle: Instances | null = null;
  try {
    idle = await Instances.start([{ name: 'floor', count: 1 }], options.seed);
    const floor: Floor = {
      target: {
        url: `http://127.0.0.1:${idle.all[0]?.port}`,
        requests: [tokenRequest({ client_id: 'no-client', client_secret: 'no-secret' })],
      },
      pid: idle.pid,
    };
    const measured = await measure(stack, floor, plan, options);
    const { stages, independentMedians, causes, comparisons } = measured;
    const isRunning = stack.restart === null;
    const referenceData = !isRunning || areOfReferenceData(stack.status.credentials ?? '');
    const checks = tokenChecks({ stages, independentMedians, causes, referenceData });
    return reportOf('token', 'What extracting authentication gains', startedAt, options, {
      headline: tokenHeadline(stages),
      tookMs: performance.now() - upAt,
      stores: Object.fromEntries(Object.entries(stack.status.stores).map(([name, { source }]) => [name, source])),
      stages,
      figures: tokenFigures(stages),
      causes,
      independentMedians,
      comparisons,
      checks,
      notes: [...(isRunning ? notesOnRunning(referenceData) : []), ...notesOf(plan)],
    });
  } finally {
    say(stack.restart === null ? 'Setting the weights back …' : 'Stopping the platform …');
    await idle?.stop();
    await stack.stop();
  }
}

function ownPlatform({ say, folder, signal }: ScenarioOptions): Promise<Platform> {
  say('Bringing the platform up on the reference data (the first time it is seeded: about a minute) …');
  const args = [
    '--profile',
    'proof',
    '--stack',
    'load',
    '--size',
    'reference',
    '--ports',
    'auto',
    '--stage',
    'monolith',
  ];
  return PlatformStack.start(
    folder,
    args,
    ({ event, process, message, ms }) => {
      if (event === 'done' || event === 'ready')
        say(`  ${process}: ${event}${ms === undefined ? '' : ` after ${(ms / 1000).toFixed(1)} s`}`);
      if (event === 'exited' || event === 'down' || event === 'note')
        say(`  ${process ?? ''} ${event} ${message ?? ''}`);
    },
    signal,
  );
}

async function measure(stack: Platform, floor: Floor, plan: TokenPlan, options: ScenarioOptions) {
  const { say, progress, folder, signal, seed } = options;
  const clients = readClients(stack.status.credentials ?? '').slice(0, clientCount);
  const admin = stack.process('mesh').urls.admin ?? '';
  const debts = stack.restart === null ? [] : (await listDebts(folder)).filter(({ path }) => path === 'token');
  const total = plan.rounds * (stageNames.length + 6) + debts.length;
  let done = 0;
  const step = (what: string) => {
    signal.throwIfAborted();
    progress(++done, total, what);
  };
  await setWeights(admin, 'token', { auth: 100 }, 'a stage of the measurement');
  const targets = tokenTargets(stack, clients);
  await warmUp(targets, plan, signal);

  say(stageTitles);
  const { closed, open, independentMedians, latencyMs } = await interleavedRounds(
    targets,
    floor,
    admin,
    { plan, seed, signal },
    step,
  );
  for (const stage of [...closed, ...open]) say(stageLine(stage));
  say(stageLegend);

  if (debts.length > 0) say('Cause ledger: each debt of the token path switched off by name …');
  const causes = await causeLedger(stack, clients, debts, plan, signal, ({ debt, ms, spreadMs, cpuMs, errors }) => {
    step(`ledger: ${debt}`);
    const spread = spreadMs.map((bound) => bound.toFixed(1)).join(' to ');
    say(
      `  ${debt.padEnd(28)} ${ms.toFixed(1).padStart(8)} ms  (rounds ${spread}; CPU ${cpuMs === null ? '-' : cpuMs.toFixed(0)} ms)${errors > 0 ? `  ${errors} errors!` : ''}`,
    );
  });

  const comparisons = (
    [
      ['legacy', 'tuned'],
      ['tuned', 'extracted'],
      ['extracted', 'extracted-direct'],
    ] as const
  ).map(([first, second]): Comparison => {
    const { larger, p } = mannWhitney(latencyMs[first], latencyMs[second]);
    return { first, second, larger, p };
  });
  return { stages: [...closed, ...open], independentMedians, causes, comparisons };
}

/** Thrown away: connections, caches, compiled code, and each client's first token (which replaces its slow hash). */
async function warmUp(targets: Record<StageName, TokenTarget>, plan: TokenPlan, signal: AbortSignal): Promise<void> {
  for (const name of ['extracted', 'extracted-direct'] as const) {
    const { target } = targets[name];
    await closedLoop(target, { connections: 1, amount: target.requests.length * 2 }, signal);
    await closedLoop(target, { connections: 4, durationMs: plan.warmUpMs }, signal);
  }
  await closedLoop(targets.legacy.target, { connections: 1, amount: plan.slowWarmUps }, signal);
  await closedLoop(targets.tuned.target, { connections: 1, amount: plan.slowWarmUps }, signal);
  const p50 = median((await closedLoop(targets.extracted.target, { connections: 1, amount: 50 }, signal)).latencyMs);
  if (Number.isNaN(p50)) throw new Error('the auth service issues no tokens through the mesh: see its log');
}

function notesOnRunning(referenceData: boolean): string[] {
  return [
    'Measured on a platform that was running already, by its URLs: CPU and memory of its processes are not known, and no debt is priced, since that takes restarts.',
    ...(referenceData
      ? []
      : [
          'The platform does not hold the reference data: the bound on the tuned monolith, which is made for these, is not judged.',
        ]),
  ];
}

function notesOf(plan: TokenPlan): string[] {
  return [
    `Closed loop: autocannon, one connection, ${plan.rounds} rounds, the stages one after the other in each round. Latencies from its response events, in fractions of a millisecond.`,
    'Open loop: requests sent by schedule on kept-alive connections, each timed from the moment it was due.',
    'floor: a server that replies at once, in the same rounds: what the machine and the driver take by themselves.',
    'Each stage was warmed up first; the warm-up is thrown away. The tuned monolith works on a copy of the database.',
    'A debt is priced by paying it alone. Debts overlap, so their prices need not add up to the whole.',
    'Event-loop delay is not measured: none of the processes exposes it.',
  ];
}
