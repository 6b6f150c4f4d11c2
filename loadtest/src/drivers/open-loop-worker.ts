import { parentPort } from 'node:worker_threads';
import { metronome } from './metronome.ts';
import type { OpenLoopJob } from './open-loop.ts';
import { openLoop } from './open-loop-core.ts';
import { constantRate, poisson, seededRandom } from './schedule.ts';

const clock = await metronome();

/** One job after the other, so that a later one finds the driver's code compiled. */
parentPort?.on('message', async ({ target, profile }: OpenLoopJob) => {
  const schedule =
    profile.arrivals === 'poisson'
      ? poisson(profile.perSecond, profile.durationMs, seededRandom(profile.seed ?? 1))
      : constantRate(profile.perSecond, profile.durationMs);
  const limits = {
    connections: profile.connections ?? 64,
    outstandingMax: profile.outstandingMax ?? 2000,
    timeoutMs: profile.timeoutMs ?? 10_000,
    warmUpMs: profile.warmUpMs ?? 0,
  };
  parentPort?.postMessage(await openLoop(target, schedule, limits, clock));
});
