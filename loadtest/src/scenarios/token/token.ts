import { closedLoop } from '../../drivers/closed-loop.ts';
import { openLoopRun } from '../../drivers/open-loop.ts';
import { median } from '../../measure/latencies.ts';
import { commit, machine } from '../../measure/machine.ts';
import { mannWhitney } from '../../measure/mann-whitney.ts';
import { errorCount, joinRuns, type Run } from '../../measure/run.ts';
import { readClients } from '../../platform/clients.ts';
import { listDebts } from '../../platform/debts.ts';
import { type Buckets, difference, quantileBounds, requestBuckets, shift } from '../../platform/mesh.ts';
import { PlatformStack } from '../../platform/stack.ts';
import type { Comparison, Report, Stage, Witness } from '../../proof/report-data.ts';
import { measureWindow, summarise, type Window } from '../../proof/stage.ts';
import { verdictOf } from '../../proof/verdict.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';
import { tokenChecks } from './checks.ts';
import { causeLedger } from './ledger.ts';
import { stageLine, stageTitles } from './lines.ts';
import { fullPlan, quickPlan, type TokenPlan } from './plan.ts';
import { type StageName, type TokenTarget, tokenTargets } from './targets.ts';

/** Clients that take turns: more than one, so that no single row is hot; few enough to be warm. */
const clientCount = 20;
const stageNames: readonly StageName[] = ['legacy', 'tuned', 'extracted', 'extracted-direct'];

export const token: Scenario = {
  name: 'token',
  file: 'token',
  summary: 'a token from the monolith as it is, tuned, and from the auth service: through the mesh and past it',
  run: measureTokens,
};

async function measureTokens(options: ScenarioOptions): Promise<Report> {
  const startedAt = new Date();
  const plan = options.quick ? quickPlan : fullPlan;
  const { say, signal } = options;
  say('Bringing the platform up on the reference data (the first time it is seeded: about a minute) …');
  const args = ['--profile', 'proof', '--stack', 'load', '--size', 'reference', '--ports', 'auto'];
  const stack = await PlatformStack.start(options.folder, args, ({ event, process, message, ms }) => {
    if (event === 'done' || event === 'ready')
      say(`  ${process}: ${event}${ms === undefined ? '' : ` after ${(ms / 1000).toFixed(1)} s`}`);
    if (event === 'exited' || event === 'down' || event === 'note') say(`  ${process ?? ''} ${event} ${message ?? ''}`);
  });
  const upAt = performance.now();
  try {
    const measured = await measure(stack, plan, options);
    const { stages, witnesses, causes, comparisons } = measured;
    const checks = tokenChecks({ stages, witnesses });
    return {
      scenario: 'token',
      title: 'What extracting authentication buys',
      startedAt: startedAt.toISOString(),
      tookMs: performance.now() - upAt,
      quick: options.quick,
      commit: commit(options.folder),
      seed: options.seed,
      machine: machine(
        Object.fromEntries(Object.entries(stack.status.stores).map(([name, { source }]) => [name, source])),
      ),
      stages,
      causes,
      witnesses,
      comparisons,
      residentBytesByProcess: Object.assign({}, ...stages.map((stage) => stage.residentBytesByProcess)),
      notes: notesOf(plan, signal.aborted),
      verdict: verdictOf(checks),
    };
  } finally {
    say('Stopping the platform …');
    await stack.stop();
  }
}

async function measure(
  stack: PlatformStack,
  plan: TokenPlan,
  { say, progress, folder, signal, seed }: ScenarioOptions,
) {
  const clients = readClients(stack.status.credentials ?? '').slice(0, clientCount);
  const admin = stack.process('mesh').urls.admin ?? '';
  const debts = (await listDebts(folder)).filter(({ path }) => path === 'token');
  const total = plan.rounds * stageNames.length + 4 + plan.addedRounds * 2 + debts.length;
  let done = 0;
  const step = (what: string) => {
    signal.throwIfAborted();
    progress(++done, total, what);
  };
  await shift(admin, 'token', 'auth', 100);
  let targets = tokenTargets(stack, clients);
  await warmUp(targets);

  // Interleaved: whatever else this machine does in these minutes, it does to every stage.
  const windows: Record<StageName, Window[]> = { legacy: [], tuned: [], extracted: [], 'extracted-direct': [] };
  say(stageTitles);
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const name of stageNames) {
      step(`round ${round + 1}: ${name}`);
      windows[name].push(await measureWindow(targets[name].watched, () => closedRound(targets[name], plan)));
    }
  }
  const closed = stageNames.map((name) =>
    summarise({ name, driver: 'autocannon', connections: 1, ours: targets[name].ours }, windows[name]),
  );
  for (const stage of closed) say(stageLine(stage));

  const witnesses: Witness[] = [];
  const open: Stage[] = [];
  for (const [name, meshSees] of [
    ['legacy', false],
    ['tuned', false],
    ['extracted', true],
  ] as const) {
    step(`open loop: ${name}`);
    const stage = closed.find((one) => one.name === name) as Stage;
    const buckets = (): Promise<Buckets> =>
      meshSees ? requestBuckets(admin, { route: 'token' }) : Promise.resolve(new Map());
    const before = await buckets();
    // The slow ones at half of what one connection can carry: below saturation, where both witnesses must agree.
    const perSecond = name === 'extracted' ? 200 : Math.min(200, 500 / stage.p50Ms);
    const durationMs = name === 'extracted' ? plan.steadyMs : (plan.witnessRequests / perSecond) * 1000;
    const window = await measureWindow(targets[name].watched, () =>
      openLoopRun(targets[name].target, { perSecond, durationMs, seed }),
    );
    const profile = {
      driver: 'open-loop',
      connections: 64,
      offeredPerSecond: perSecond,
      ours: targets[name].ours,
    } as const;
    const witness = summarise(
      { name: `${name}-open-${perSecond < 10 ? perSecond.toFixed(1) : perSecond}`, ...profile },
      [window],
    );
    open.push(witness);
    say(stageLine(witness));
    witnesses.push({
      stage: name,
      closedLoopP50Ms: stage.p50Ms,
      openLoopP50Ms: witness.p50Ms,
      meshP50: quantileBounds(difference(before, await buckets()), 0.5),
    });
  }

  const added = { extracted: [] as Window[], 'extracted-direct': [] as Window[] };
  for (let round = 0; round < plan.addedRounds; round += 1) {
    for (const name of ['extracted', 'extracted-direct'] as const) {
      step(`1,000 a second, round ${round + 1}: ${name}`);
      added[name].push(
        await measureWindow(targets[name].watched, () =>
          openLoopRun(targets[name].target, { perSecond: 1000, durationMs: plan.addedMs, seed }),
        ),
      );
    }
  }
  for (const name of ['extracted', 'extracted-direct'] as const) {
    const profile = { driver: 'open-loop', connections: 64, offeredPerSecond: 1000, ours: targets[name].ours } as const;
    open.push(summarise({ name: `${name}-open-1000`, ...profile }, added[name]));
    say(stageLine(open.at(-1) as Stage));
  }

  say('Cause ledger: each debt of the token path switched off by name …');
  const causes = await causeLedger(stack, clients, debts, plan, (debt, cause, runs) => {
    step(`ledger: ${debt.name}`);
    const errors = errorCount(joinRuns(runs));
    say(`  ${debt.name.padEnd(28)} ${cause.ms.toFixed(1).padStart(8)} ms${errors > 0 ? `  (${errors} errors!)` : ''}`);
  });
  targets = tokenTargets(stack, clients);

  const samples = (name: StageName) => joinRuns(windows[name].map(({ run }) => run)).latencyMs;
  const comparisons = (
    [
      ['legacy', 'tuned'],
      ['tuned', 'extracted'],
      ['extracted', 'extracted-direct'],
    ] as const
  ).map(([first, second]): Comparison => {
    const { larger, p } = mannWhitney(samples(first), samples(second));
    return { first, second, larger, p };
  });
  return { stages: [...closed, ...open], witnesses, causes, comparisons };
}

function closedRound({ name, target }: TokenTarget, plan: TokenPlan): Promise<Run> {
  if (name === 'legacy') return closedLoop(target, { connections: 1, amount: plan.legacyRequests });
  if (name === 'tuned') return closedLoop(target, { connections: 1, amount: plan.tunedRequests });
  return closedLoop(target, { connections: 1, durationMs: plan.fastMs });
}

/** Thrown away: connections, caches, compiled code, and each client's first token (which replaces its slow hash). */
async function warmUp(targets: Record<StageName, TokenTarget>): Promise<void> {
  for (const name of ['extracted', 'extracted-direct'] as const) {
    const { target } = targets[name];
    await closedLoop(target, { connections: 1, amount: target.requests.length * 2 });
    await closedLoop(target, { connections: 4, durationMs: 1000 });
  }
  await closedLoop(targets.legacy.target, { connections: 1, amount: 2 });
  await closedLoop(targets.tuned.target, { connections: 1, amount: 2 });
  const p50 = median((await closedLoop(targets.extracted.target, { connections: 1, amount: 50 })).latencyMs);
  if (Number.isNaN(p50)) throw new Error('the auth service issues no tokens through the mesh: see .banyan/load/logs');
}

function notesOf(plan: TokenPlan, aborted: boolean): string[] {
  return [
    `Closed loop: autocannon, one connection, ${plan.rounds} rounds, the stages in turns. Latencies from its response events, in fractions of a millisecond.`,
    'Open loop: requests sent by schedule on kept-alive connections, each timed from the moment it was due.',
    'Each stage was warmed up first; the warm-up is thrown away. The tuned monolith works on a copy of the database.',
    'A debt is priced by paying it alone. Debts overlap, so their prices need not add up to the whole.',
    ...(aborted ? ['The run was broken off.'] : []),
  ];
}
