import { type Dispatcher, errors, Pool } from 'undici';
import { emptyRun, type Run } from '../measure/run.ts';
import { assertLocal, type Target } from './request.ts';
import type { Schedule } from './schedule.ts';

export interface OpenLoopLimits {
  /** Kept-alive connections: a request that finds none free waits, and its waiting counts. */
  connections: number;
  /** Outstanding requests, sent and waiting, beyond which a due request is dropped and counted. */
  outstandingMax: number;
  timeoutMs: number;
  /**
   * Before the schedule starts, requests are sent for so long, and thrown away: a new driver's first requests meet code
   * that is not compiled and connections that are not there, some 10 ms that would be charged to the target. 0 where
   * absent.
   */
  warmUpMs?: number;
}

export interface OpenLoopClock {
  now(): number;
  /** Calls back as close to `atMs` (on `now`'s scale) as it can. */
  at(atMs: number, call: () => void): void;
}

/**
 * Sends each request when the schedule says, however slow the replies are, and times each **from when it was due** to
 * the last byte of its reply. So a stall of the target, or of this driver, is in the figures of every request that had
 * to wait for it (no coordinated omission: Gil Tene, "How NOT to measure latency").
 */
export async function openLoop(
  target: Target,
  schedule: Schedule,
  limits: OpenLoopLimits,
  clock: OpenLoopClock,
): Promise<Run> {
  const urls = target.urls ?? [target.url];
  for (const url of urls) assertLocal(url);
  const run = emptyRun();
  const pools = urls.map(
    (url) =>
      new Pool(url, {
        connections: Math.ceil(limits.connections / urls.length),
        pipelining: 1,
        headersTimeout: limits.timeoutMs,
        bodyTimeout: limits.timeoutMs,
        connect: { timeout: limits.timeoutMs },
      }),
  );
  run.warmUps = await warmUp(pools, target, limits.warmUpMs ?? 0, clock);
  const startedAt = clock.now();
  let outstanding = 0;
  let sent = 0;
  let exhausted = false;
  const done = Promise.withResolvers<void>();
  const settle = (dueMs: number, error: string | null) => {
    outstanding -= 1;
    if (error === null) {
      run.atMs.push(dueMs);
      run.latencyMs.push(clock.now() - startedAt - dueMs);
    } else {
      run.errors[error] = (run.errors[error] ?? 0) + 1;
      run.longestFailedMs = Math.max(run.longestFailedMs, clock.now() - startedAt - dueMs);
    }
    if (exhausted && outstanding === 0) done.resolve();
  };

  const step = (dueMs: number) => {
    run.sendLagMs.push(clock.now() - startedAt - dueMs);
    if (outstanding >= limits.outstandingMax) run.dropped += 1;
    else {
      outstanding += 1;
      const request = target.requests[sent % target.requests.length];
      const pool = pools[sent % pools.length];
      sent += 1;
      if (request !== undefined) pool?.dispatch(optionsOf(request), new Outcome((error) => settle(dueMs, error)));
    }
    plan();
  };
  const plan = () => {
    const next = schedule.next();
    if (next.done) {
      exhausted = true;
      if (outstanding === 0) done.resolve();
      return;
    }
    const dueMs = next.value;
    clock.at(startedAt + dueMs, () => step(dueMs));
  };
  plan();
  await done.promise;
  run.durationMs = clock.now() - startedAt;
  await Promise.all(pools.map((pool) => pool.destroy()));
  return run;
}

/** @returns how many requests were sent. */
async function warmUp(
  pools: readonly Pool[],
  { requests }: Target,
  forMs: number,
  clock: OpenLoopClock,
): Promise<number> {
  const untilMs = clock.now() + forMs;
  let sent = 0;
  const chain = async () => {
    while (clock.now() < untilMs) {
      const request = requests[sent % requests.length];
      const pool = pools[sent % pools.length];
      if (request === undefined || pool === undefined) return;
      sent += 1;
      await new Promise<void>((resolve) => pool.dispatch(optionsOf(request), new Outcome(() => resolve())));
    }
  };
  await Promise.all(Array.from({ length: 4 }, chain));
  return sent;
}

function optionsOf(request: Target['requests'][number]): Dispatcher.DispatchOptions {
  const { method, path, headers, body } = request;
  return { method: method as Dispatcher.HttpMethod, path, headers, body: body ?? null };
}

/** Reads one reply to its end and says how it went: null for a whole 2xx reply. */
class Outcome implements Dispatcher.DispatchHandler {
  #status = 0;
  readonly #tell: (error: string | null) => void;

  constructor(tell: (error: string | null) => void) {
    this.#tell = tell;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#tell(this.#status >= 200 && this.#status <= 299 ? null : `status ${this.#status}`);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const timedOut =
      error instanceof errors.HeadersTimeoutError ||
      error instanceof errors.BodyTimeoutError ||
      error instanceof errors.ConnectTimeoutError;
    this.#tell(timedOut ? 'timeout' : 'connection');
  }
}
