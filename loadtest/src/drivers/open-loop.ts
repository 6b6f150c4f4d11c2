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
  /** How long requests are sent before the window and discarded. Absent: none. */
  warmUpMs?: number;
}

export interface OpenLoopJob {
  target: Target;
  profile: OpenLoopProfile;
}

/**
 * A driver that has done its job and waits for the next: starting one takes half a second, and its code is not compiled
 * then.
 */
let idle: Worker | null = null;

/**
 * The open loop, in a thread of its own: measuring does not wait for whatever the report is doing.
 * @throws what ended the thread, or the reason of `signal` when it was given up.
 */
export async function openLoopRun(target: Target, profile: OpenLoopProfile, signal?: AbortSignal): Promise<Run> {
  signal?.throwIfAborted();
  const worker = idle ?? new Worker(new URL('./open-loop-worker.ts', import.meta.url));
  idle = null;
  worker.ref();
  const ended = new AbortController();
  const onExit = (code: number) => ended.abort(new Error(`the open-loop driver ended early with code ${code}`));
  worker.once('exit', onExit);
  const given = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  try {
    worker.postMessage({ target, profile } satisfies OpenLoopJob);
    const [run] = (await once(worker, 'message', { signal: given })) as [Run];
    worker.off('exit', onExit);
    // The process may end while it waits. Two at once: one of them is enough to keep.
    worker.unref();
    if (idle === null) idle = worker;
    else await worker.terminate();
    return run;
  } catch (error) {
    await worker.terminate();
    throw given.aborted ? given.reason : error;
  }
}
