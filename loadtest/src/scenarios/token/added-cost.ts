import { openLoopRun } from '../../drivers/open-loop.ts';
import type { Stage } from '../../proof/report-data.ts';
import { measureWindow, summarise, type Window } from '../../proof/stage.ts';
import type { TokenPlan } from './plan.ts';
import { warmUpMs } from './rounds.ts';
import type { StageName, TokenTarget } from './targets.ts';

const perSecond = 1000;
const connections = 64;

/** The same load through the mesh and past it, in turns: the difference is the mesh's. */
export async function addedCost(
  targets: Record<StageName, TokenTarget>,
  { plan, seed, signal }: { plan: TokenPlan; seed: number; signal: AbortSignal },
  step: (what: string) => void,
): Promise<Stage[]> {
  const windows = { extracted: [] as Window[], 'extracted-direct': [] as Window[] };
  const names = ['extracted', 'extracted-direct'] as const;
  for (let round = 0; round < plan.addedRounds; round += 1) {
    for (const name of names) {
      step(`1,000 a second, round ${round + 1}: ${name}`);
      const profile = { perSecond, durationMs: plan.addedMs, seed: seed + round, connections, warmUpMs };
      const { target, watched } = targets[name];
      windows[name].push(await measureWindow(watched, () => openLoopRun(target, profile, signal)));
    }
  }
  return names.map((name) =>
    summarise(
      {
        name: `${name}-open-${perSecond}`,
        driver: 'open-loop',
        connections,
        offeredPerSecond: perSecond,
        ours: targets[name].ours,
      },
      windows[name],
    ),
  );
}
