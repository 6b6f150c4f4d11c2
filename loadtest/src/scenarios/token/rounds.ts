import { closedLoop } from '../../drivers/closed-loop.ts';
import { openLoopRun } from '../../drivers/open-loop.ts';
import type { Target } from '../../drivers/request.ts';
import { median } from '../../measure/latencies.ts';
import { allLatencies, type Run } from '../../measure/run.ts';
import { type Buckets, difference, quantileBounds, requestBuckets, sum } from '../../platform/mesh.ts';
import type { IndependentMedians, Stage } from '../../proof/report-data.ts';
import { measureWindow, summarize, type Watched, type Window } from '../../proof/stage.ts';
import type { TokenPlan } from './plan.ts';
import { type StageName, stageNames, type TokenTarget } from './targets.ts';

/** A server that does nothing, under the same load: what this machine and the driver take by themselves. */
export interface Floor {
  target: Target;
  pid: number;
}

/** What the extracted service is measured against. */
const isControl = (stage: string) => /^(legacy|tuned|floor)/.test(stage);
/** Share of what one connection can carry that the open loop offers to the slow stages: below saturation. */
const slowShare = 0.6;
const connections = 64;
/** The driver's own warm-up, where its first milliseconds would show beside the target's. */
const warmUpMs = 300;

/** One series of open-loop windows: the target, and the rate. */
interface Series {
  target: Target;
  watched: Watched;
  ours: readonly string[];
  windows: Window[];
  perSecond: number;
}

export interface Rounds {
  closed: Stage[];
  open: Stage[];
  independentMedians: IndependentMedians[];
  /** Samples of the closed loop for the rank test, failed requests among them (`allLatencies`). */
  latencyMs: Record<StageName, number[]>;
}

/**
 * The stages one after the other, each followed at once by its open-loop windows: whatever else this machine does in these
 * minutes, it does to every stage and to both loops.
 */
export async function interleavedRounds(
  targets: Record<StageName, TokenTarget>,
  floor: Floor,
  adminUrl: string,
  { plan, seed, signal }: { plan: TokenPlan; seed: number; signal: AbortSignal },
  step: (what: string) => void,
): Promise<Rounds> {
  const closed: Record<StageName, Window[]> = { legacy: [], tuned: [], extracted: [], 'extracted-direct': [] };
  const seriesOf = ({ target, watched, ours }: TokenTarget, perSecond: number): Series => ({
    target,
    watched,
    ours,
    windows: [],
    perSecond,
  });
  const open = {
    'legacy-open': seriesOf(targets.legacy, 0),
    'tuned-open': seriesOf(targets.tuned, 0),
    'extracted-open-200': seriesOf(targets.extracted, 200),
    'floor-open-200': {
      target: floor.target,
      watched: { ours: { floor: floor.pid }, stores: {} },
      ours: ['floor'],
      windows: [],
      perSecond: 200,
    } as Series,
    'extracted-open-1000': seriesOf(targets.extracted, 1000),
    'extracted-direct-open-1000': seriesOf(targets['extracted-direct'], 1000),
  };
  const meshAt1000 = new MeshMedian(adminUrl);

  for (let round = 0; round < plan.rounds; round += 1) {
    const loop = async (name: StageName) => {
      step(`round ${round + 1}: ${name}`);
      const window = await measureWindow(targets[name].watched, () => closedRound(targets[name], plan, signal));
      closed[name].push(window);
      return median(window.run.latencyMs);
    };
    const schedule = async (name: keyof typeof open, durationMs: number) => {
      step(`round ${round + 1}: ${name}`);
      const { target, watched, windows, perSecond } = open[name];
      const profile = { perSecond, durationMs, seed: seed + round, connections };
      const fast = perSecond >= 100 ? { warmUpMs } : {};
      windows.push(await measureWindow(watched, () => openLoopRun(target, { ...profile, ...fast }, signal)));
    };
    for (const [name, openName] of [
      ['legacy', 'legacy-open'],
      ['tuned', 'tuned-open'],
    ] as const) {
      const p50Ms = await loop(name);
      if (Number.isNaN(p50Ms)) {
        throw new Error(`${name} issues no tokens (${JSON.stringify(closed[name].at(-1)?.run.errors)}): see its log`);
      }
      // The rate stays what the first round showed: a median is of one load.
      open[openName].perSecond ||= (slowShare * 1000) / p50Ms;
      await schedule(openName, (plan.openLoopRequests / open[openName].perSecond) * 1000);
    }
    await loop('extracted');
    await meshAt1000.during(() => schedule('extracted-open-1000', plan.addedMs));
    await schedule('extracted-direct-open-1000', plan.addedMs);
    await loop('extracted-direct');
    await schedule('extracted-open-200', plan.steadyMs);
    await schedule('floor-open-200', plan.steadyMs);
  }

  const closedStages = stageNames.map((name) =>
    summarize(
      { name, control: isControl(name), driver: 'autocannon', connections: 1, ours: targets[name].ours },
      closed[name],
    ),
  );
  const openStages = Object.entries(open).map(([name, { windows, perSecond, ours }]) =>
    summarize(
      { name, control: isControl(name), driver: 'open-loop', connections, offeredPerSecond: perSecond, ours },
      windows,
    ),
  );
  const p50 = (name: string) => [...closedStages, ...openStages].find((stage) => stage.name === name)?.p50Ms ?? null;
  const medians = (stage: StageName, openName: keyof typeof open): IndependentMedians => ({
    stage,
    closedLoopP50Ms: p50(stage),
    openLoopP50Ms: p50(openName),
    floorP50Ms: p50('floor-open-200'),
    ...(stage === 'extracted' ? meshAt1000.median() : { meshP50: null, meshAbsent: 'not on this path' }),
  });
  const latencyMs = Object.fromEntries(
    stageNames.map((name) => [name, closed[name].flatMap(({ run }) => allLatencies(run))]),
  ) as Rounds['latencyMs'];
  return {
    closed: closedStages,
    open: openStages,
    // Extracted at 1,000 a second: at 200 the machine idles between requests, and its waking is in the open loop's
    // figure only.
    independentMedians: [
      medians('legacy', 'legacy-open'),
      medians('tuned', 'tuned-open'),
      medians('extracted', 'extracted-open-1000'),
    ],
    latencyMs,
  };
}

/** What the mesh's own histogram says of the same windows. */
class MeshMedian {
  readonly #adminUrl: string;
  readonly #windows: Buckets[] = [];
  #absent: string | null = null;

  constructor(adminUrl: string) {
    this.#adminUrl = adminUrl;
  }

  async during(drive: () => Promise<void>): Promise<void> {
    const before = await this.#look();
    await drive();
    const after = await this.#look();
    if (before !== null && after !== null) this.#windows.push(difference(before, after));
  }

  median(): Pick<IndependentMedians, 'meshP50' | 'meshAbsent'> {
    const all = sum(this.#windows);
    const meshP50 = this.#absent === null ? quantileBounds(all, 0.5) : null;
    if (meshP50 !== null) return { meshP50, meshAbsent: null };
    const empty = Math.max(0, ...all.values()) === 0;
    return {
      meshP50,
      meshAbsent:
        this.#absent ?? (empty ? 'no samples' : 'its median is in the first or last bucket, which tells nothing'),
    };
  }

  /** The mesh's histogram may be missing, and says why; the two loops are measured all the same. */
  async #look(): Promise<Buckets | null> {
    try {
      return await requestBuckets(this.#adminUrl, { route: 'token' });
    } catch (error) {
      this.#absent = error instanceof Error ? error.message : String(error);
      return null;
    }
  }
}

function closedRound({ name, target }: TokenTarget, plan: TokenPlan, signal: AbortSignal): Promise<Run> {
  if (name === 'legacy') return closedLoop(target, { connections: 1, amount: plan.legacyRequests }, signal);
  if (name === 'tuned') return closedLoop(target, { connections: 1, amount: plan.tunedRequests }, signal);
  return closedLoop(target, { connections: 1, durationMs: plan.fastMs }, signal);
}
