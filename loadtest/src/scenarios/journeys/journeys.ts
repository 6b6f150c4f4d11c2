import { setTimeout as pause } from 'node:timers/promises';
import { constantRate } from '../../drivers/schedule.ts';
import { debtsPaidBy } from '../../platform/debts.ts';
import { namesRunning } from '../../platform/running.ts';
import { stageLegend, stageLine, stageTitles } from '../../proof/lines.ts';
import type { PaidDebt, Report, Stage } from '../../proof/report-data.ts';
import { reportOf } from '../../proof/report-of.ts';
import { measureWindow, summarize, type Window } from '../../proof/stage.ts';
import type { Scenario, ScenarioOptions } from '../scenario.ts';
import { journeysChecks, journeysFigures, journeysHeadline, type StepTimes, stageName, stepTimes } from './checks.ts';
import { type DriveClock, type DrivenJourneys, driveJourneys } from './drive.ts';
import { heldRate, holds, neverBroke, type Rung, rungOf } from './ladder.ts';
import { comparedShare, fullPlan, type JourneysPlan, limitMs, quickPlan } from './plan.ts';
import { type Side, type SideName, sideNames, startSide } from './sides.ts';

const limits = { connections: 256, underWayMax: 500, timeoutMs: 10_000 };

export const journeys: Scenario = {
  name: 'journeys',
  file: 'journeys',
  summary: 'a shopper’s visit and an administrator’s work, at the monolith and at the services, at rising rates',
  run: measureJourneys,
};

type Sides = Record<SideName, Side>;

async function measureJourneys(options: ScenarioOptions): Promise<Report> {
  if (namesRunning(process.env))
    throw new Error('`journeys` starts platforms of its own: the monolith alone, and the services');
  const { say, folder, signal } = options;
  const plan = options.quick ? quickPlan : fullPlan;
  const startedAt = new Date();
  say('Bringing both sides up on the reference data (the first time they are seeded: two minutes) …');
  const started: Side[] = [];
  try {
    for (const name of sideNames) started.push(await startSide(name, options));
    const [monolith, services] = started as [Side, Side];
    const sides: Sides = { monolith, services };
    const clock = clockOf(signal);
    await warmUp(sides, plan, clock);
    const rungs = await climb(sides, plan, clock, options);
    const perSecond =
      comparedShare * Math.min(...sideNames.map((name) => heldRate(rungs[name]) || plan.ladder[0] || 1));
    const { stages, steps } = await compare(sides, plan, perSecond, clock, options);
    const takenOver = steps.map(({ service }) => service).filter((service) => service in services.watched.ours);
    say(stageTitles);
    for (const stage of stages) say(stageLine(stage));
    say(stageLegend);
    return reportOf('journeys', 'What taking the shop apart gains', startedAt, options, {
      headline: journeysHeadline(stages, rungs),
      stages,
      figures: journeysFigures(stages, steps, rungs),
      paidDebts: await debtsOf(takenOver, folder),
      checks: journeysChecks(stages, steps, rungs),
      stores: services.stores,
      notes: await notesOf(steps, takenOver, rungs, perSecond, folder),
    });
  } finally {
    say('Stopping both sides …');
    await Promise.all(started.map((side) => side.stop()));
  }
}

function clockOf(signal: AbortSignal): DriveClock {
  return {
    now: () => performance.now(),
    until: async (atMs) => {
      signal.throwIfAborted();
      const leftMs = atMs - performance.now();
      if (leftMs > 0) await pause(leftMs, undefined, { signal });
    },
  };
}

async function warmUp(sides: Sides, { warmUps }: JourneysPlan, clock: DriveClock): Promise<void> {
  for (const name of sideNames) {
    const { url, shopper, administrator } = sides[name];
    for (const journey of [shopper, administrator]) {
      // One a second: at the monolith, one takes seconds.
      const { run, finished } = await driveJourneys(url, journey, constantRate(1, warmUps * 1_000), limits, clock);
      if (finished === 0)
        throw new Error(`${name}: no journey of a ${journey.name} ends: ${JSON.stringify(run.errors)}`);
    }
  }
}

/** The sides take turns at each rate, until each has broken its limit. */
async function climb(sides: Sides, plan: JourneysPlan, clock: DriveClock, { say, progress }: ScenarioOptions) {
  const rungs: Record<SideName, Rung[]> = { monolith: [], services: [] };
  for (const [n, perSecond] of plan.ladder.entries()) {
    for (const name of sideNames) {
      if (!neverBroke(rungs[name])) continue;
      progress(n, plan.ladder.length + plan.rounds * 2, `${perSecond} journeys a second at the ${name}`);
      const { url, shopper } = sides[name];
      const { run } = await driveJourneys(url, shopper, constantRate(perSecond, plan.rungMs), limits, clock);
      const rung = rungOf(perSecond, run);
      rungs[name].push(rung);
      say(
        `  ${name}: ${perSecond} journeys a second ${holds(rung) ? 'hold' : 'break the limit'}: ${rung.requests} requests, ${(rung.late * 100).toFixed(1)} % failed or took longer than ${limitMs} ms${rung.failed > 0 ? ` (${JSON.stringify(run.errors)})` : ''}`,
      );
    }
  }
  return rungs;
}

/** Both sides at the same rate, in turns, one kind of journey after the other. */
async function compare(
  sides: Sides,
  plan: JourneysPlan,
  perSecond: number,
  clock: DriveClock,
  { progress }: ScenarioOptions,
): Promise<{ stages: Stage[]; steps: StepTimes[] }> {
  const stages: Stage[] = [];
  const steps: StepTimes[] = [];
  for (const [kind, count] of [
    ['shopper', plan.compared],
    ['administrator', plan.comparedWork],
  ] as const) {
    const driven: Record<SideName, DrivenJourneys[]> = { monolith: [], services: [] };
    const windows: Record<SideName, Window[]> = { monolith: [], services: [] };
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const name of sideNames) {
        const at = plan.ladder.length + stages.length + (round * 2) / plan.rounds;
        progress(Math.round(at), plan.ladder.length + 4, `${kind}, round ${round + 1} at the ${name}`);
        const { url, watched, [kind]: journey } = sides[name];
        const forMs = (count / plan.rounds / perSecond) * 1_000;
        windows[name].push(
          await measureWindow(watched, async () => {
            const one = await driveJourneys(url, journey, constantRate(perSecond, forMs), limits, clock);
            driven[name].push(one);
            return one.run;
          }),
        );
      }
    }
    for (const name of sideNames) stages.push(stageOf(sides[name], kind, perSecond, windows[name]));
    for (const step of sides.services[kind].steps) {
      const ms = (name: SideName) => driven[name].flatMap(({ stepMs }) => stepMs.get(step.name) ?? []);
      steps.push(stepTimes(kind, step, { monolith: ms('monolith'), services: ms('services') }));
    }
  }
  return { stages, steps };
}

function stageOf({ name, watched }: Side, journey: string, perSecond: number, windows: readonly Window[]): Stage {
  return summarize(
    {
      name: stageName(name, journey),
      control: name === 'monolith',
      driver: 'open-loop',
      connections: limits.connections,
      offeredPerSecond: perSecond,
      ours: Object.keys(watched.ours),
    },
    windows,
  );
}

/** Each debt that these services pay off, once. */
async function debtsOf(services: readonly string[], folder: string): Promise<PaidDebt[]> {
  const paid = await Promise.all([...new Set(services)].map((service) => debtsPaidBy(service, folder)));
  const byNumber = new Map(paid.flat().map((debt) => [debt.number, debt]));
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

async function notesOf(
  steps: readonly StepTimes[],
  takenOver: readonly string[],
  rungs: Record<SideName, readonly Rung[]>,
  perSecond: number,
  folder: string,
): Promise<string[]> {
  const ofSteps = await Promise.all(
    steps.map(async ({ step, service }) => {
      if (!takenOver.includes(service)) return `“${step}” is served by the monolith on both sides.`;
      const numbers = (await debtsPaidBy(service, folder)).map(({ number }) => number);
      return `“${step}” is taken over by ${service}, which pays off the debts ${numbers.join(', ')}.`;
    }),
  );
  return [
    `Both sides are compared at ${perSecond.toFixed(2)} journeys a second, ${comparedShare * 100} % of what the slower one holds. A journey begins when the schedule says; within it each request waits for the reply before it, as a person does.`,
    'The monolith runs alone and is asked directly. The services are asked through the mesh, and what no service has taken over yet is served by the monolith behind it.',
    `A side holds a rate when no request fails and at most one in a hundred takes longer than ${limitMs} ms. ${neverBroke(rungs.services) ? 'The services never broke it: they hold the highest rate that was offered, or more.' : ''}`,
    ...ofSteps,
  ];
}
