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
  /** Requests sent for so long before the window, thrown away. None where absent. */
  warmUpMs?: number;
}

export interface OpenLoopJob {
  target: Target;
  profile: OpenLoopProfile;
}

/**
 * The second witness, in a thread of its own: measuring does not wait for whatever the report is doing.
 * @throws what ended the thread, or the reason of `signal` when it was given up.
 */
export async function openLoopRun(target: Target, profile: OpenLoopProfile, signal?: AbortSignal): Promise<Run> {
  signal?.throwIfAborted();
  const worker = new Worker(new URL('./open-loop-worker.ts', import.meta.url), { workerData: { target, profile } });
  const ended = new AbortController();
  worker.once('exit', (code) => ended.abort(new Error(`the open-loop driver ended early with code ${code}`)));
  const given = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  try {
    const [run] = (await once(worker, 'message', { signal: given })) as [Run];
    return run;
  } catch (error) {
    if (given.aborted) throw given.reason;
    throw error;
  } finally {
    await worker.terminate();
  }
}
