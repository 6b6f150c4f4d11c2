import { parentPort, workerData } from 'node:worker_threads';
import { metronome } from './metronome.ts';
import type { OpenLoopJob } from './open-loop.ts';
import { openLoop } from './open-loop-core.ts';
import { constantRate, poisson, seededRandom } from './schedule.ts';

const { target, profile } = workerData as OpenLoopJob;
const schedule =
  profile.arrivals === 'poisson'
    ? poisson(profile.perSecond, profile.durationMs, seededRandom(profile.seed ?? 1))
    : constantRate(profile.perSecond, profile.durationMs);

const clock = await metronome();
const run = await openLoop(
  target,
  schedule,
  {
    connections: profile.connections ?? 64,
    outstandingMax: profile.outstandingMax ?? 2000,
    timeoutMs: profile.timeoutMs ?? 10_000,
    warmUpMs: profile.warmUpMs ?? 0,
  },
  clock,
);
await clock.stop();
parentPort?.postMessage(run);
