import { closedLoop } from '../../drivers/closed-loop.ts';
import { openLoopRun } from '../../drivers/open-loop.ts';
import type { Target } from '../../drivers/request.ts';
import { median } from '../../measure/latencies.ts';
import type { Run } from '../../measure/run.ts';
import { type Buckets, difference, quantileBounds, requestBuckets, sum } from '../../platform/mesh.ts';
import type { Stage, Witness } from '../../proof/report-data.ts';
import { measureWindow, summarise, type Watched, type Window } from '../../proof/stage.ts';
import type { TokenPlan } from './plan.ts';
import { type StageName, stageNames, type TokenTarget } from './targets.ts';

/** A server that does nothing, under the same load: what this machine and the driver take by themselves. */
export interface Floor {
  target: Target;
  pid: number;
}

/** Tokens a second that the open loop offers to the extracted path. */
const steadyPerSecond = 200;
/** Share of what one connection can carry that the open loop offers to the slow stages: below saturation. */
const slowShare = 0.6;
/** The driver's own warm-up, where its first milliseconds would show beside the target's. */
export const warmUpMs = 300;
const witnessed = ['legacy', 'tuned', 'extracted'] as const;
type Witnessed = (typeof witnessed)[number];

export interface Rounds {
  closed: Stage[];
  open: Stage[];
  witnesses: Witness[];
  /** Samples of the closed loop, for the rank test. */
  latencyMs: Record<StageName, number[]>;
}

/**
 * The stages in turns, each followed at once by its open-loop witness: whatever else this machine does in these minutes, it
 * does to every stage and to both witnesses.
 */
export async function interleavedRounds(
  targets: Record<StageName, TokenTarget>,
  floor: Floor,
  adminUrl: string,
  { plan, seed, signal }: { plan: TokenPlan; seed: number; signal: AbortSignal },
  step: (what: string) => void,
): Promise<Rounds> {
  const closed: Record<StageName, Window[]> = { legacy: [], tuned: [], extracted: [], 'extracted-direct': [] };
  const open: Record<Witnessed, Window[]> = { legacy: [], tuned: [], extracted: [] };
  const perSecond: Record<Witnessed, number> = { legacy: 0, tuned: 0, extracted: steadyPerSecond };
  const floors: Window[] = [];
  const mesh: Buckets[] = [];
  let meshAbsent: string | null = null;
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const name of stageNames) {
      step(`round ${round + 1}: ${name}`);
      const { target, watched } = targets[name];
      const window = await measureWindow(watched, () => closedRound(targets[name], plan));
      closed[name].push(window);
      if (name === 'extracted-direct') continue;
      step(`round ${round + 1}: ${name}, open loop`);
      // The rate stays what the first round showed: a witness is of one load.
      perSecond[name] ||= (slowShare * 1000) / median(window.run.latencyMs);
      const rate = perSecond[name];
      if (!Number.isFinite(rate)) throw new Error(`${name} answered nothing: ${JSON.stringify(window.run.errors)}`);
      const durationMs = name === 'extracted' ? plan.steadyMs : (plan.witnessRequests / rate) * 1000;
      const profile = {
        perSecond: rate,
        durationMs,
        seed: seed + round,
        warmUpMs: name === 'extracted' ? warmUpMs : 0,
      };
      const drive = () => openLoopRun(target, profile, signal);
      if (name !== 'extracted') {
        open[name].push(await measureWindow(watched, drive));
        continue;
      }
      const look = () => requestBuckets(adminUrl, { route: 'token' }).catch((error: Error) => error);
      const before = await look();
      open[name].push(await measureWindow(watched, drive));
      const after = await look();
      step(`round ${round + 1}: floor`);
      const steady = { perSecond: steadyPerSecond, durationMs: plan.steadyMs / 2, seed: seed + round, warmUpMs };
      const bare: Watched = { ours: { floor: floor.pid }, stores: {} };
      floors.push(await measureWindow(bare, () => openLoopRun(floor.target, steady, signal)));
      if (before instanceof Error || after instanceof Error) {
        meshAbsent = [before, after].find((one) => one instanceof Error)?.message ?? null;
      } else mesh.push(difference(before, after));
    }
  }
  const closedStages = stageNames.map((name) =>
    summarise({ name, driver: 'autocannon', connections: 1, ours: targets[name].ours }, closed[name]),
  );
  const openStages = witnessed.map((name) =>
    summarise(
      {
        name: name === 'extracted' ? `extracted-open-${steadyPerSecond}` : `${name}-open`,
        driver: 'open-loop',
        connections: 64,
        offeredPerSecond: perSecond[name],
        ours: targets[name].ours,
      },
      open[name],
    ),
  );
  const floorProfile = {
    driver: 'open-loop',
    connections: 64,
    offeredPerSecond: steadyPerSecond,
    ours: ['floor'],
  } as const;
  const floorStage = summarise({ name: `floor-open-${steadyPerSecond}`, ...floorProfile }, floors);
  const p50 = (stages: Stage[], index: number) => stages[index]?.p50Ms ?? Number.NaN;
  const witnesses = witnessed.map((stage, index): Witness => {
    const seen = stage === 'extracted' && meshAbsent === null ? quantileBounds(sum(mesh), 0.5) : null;
    return {
      stage,
      closedLoopP50Ms: p50(closedStages, index),
      openLoopP50Ms: p50(openStages, index),
      meshP50: seen,
      meshAbsent: seen !== null ? null : stage === 'extracted' ? (meshAbsent ?? 'no samples') : 'not on this path',
    };
  });
  const latencyMs = Object.fromEntries(
    stageNames.map((name) => [name, closed[name].flatMap(({ run }) => run.latencyMs)]),
  ) as Rounds['latencyMs'];
  return { closed: closedStages, open: [...openStages, floorStage], witnesses, latencyMs };
}

function closedRound({ name, target }: TokenTarget, plan: TokenPlan): Promise<Run> {
  if (name === 'legacy') return closedLoop(target, { connections: 1, amount: plan.legacyRequests });
  if (name === 'tuned') return closedLoop(target, { connections: 1, amount: plan.tunedRequests });
  return closedLoop(target, { connections: 1, durationMs: plan.fastMs });
}
