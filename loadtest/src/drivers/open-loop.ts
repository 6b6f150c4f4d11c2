import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Run } from '../measure/run.ts';
import type { Target } from './request.ts';

export interface OpenLoopProfile {
  perSecond: number;
  durationMs: number;
  /** `constant` spacing (the default), or `poisson` arrivals from `seed`. */
  arrivals?: 'constant' | 'poisson';
  seed?: number;
  connections?: number;
  outstandingMax?: number;
  timeoutMs?: number;
}

export interface OpenLoopJob {
  target: Target;
  profile: OpenLoopProfile;
}

/** The second witness, in a thread of its own: measuring does not wait for whatever the report is doing. */
export async function openLoopRun(target: Target, profile: OpenLoopProfile): Promise<Run> {
  const worker = new Worker(new URL('./open-loop-worker.ts', import.meta.url), { workerData: { target, profile } });
  const [run] = (await once(worker, 'message')) as [Run];
  await worker.terminate();
  return run;
}
