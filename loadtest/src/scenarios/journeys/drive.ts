import { errors, Pool } from 'undici';
import { assertLocal } from '../../drivers/request.ts';
import type { Schedule } from '../../drivers/schedule.ts';
import { emptyRun, type Run } from '../../measure/run.ts';
import type { Journey } from './step.ts';

export interface DriveLimits {
  connections: number;
  /** Journeys under way, beyond which one that is due is dropped and counted. */
  underWayMax: number;
  /** Of one request. */
  timeoutMs: number;
}

export interface DrivenJourneys {
  /** All requests: each from when it was sent, and the first of a journey from when the journey was due. */
  run: Run;
  /** How long each step took where it succeeded, and, where it failed, until then. By the step's name. */
  stepMs: Map<string, number[]>;
  begun: number;
  /** Journeys whose last step succeeded. */
  finished: number;
}

/** The clock that journeys begin by. */
export interface DriveClock {
  now(): number;
  /** @throws the reason of the signal */
  until(atMs: number): Promise<void>;
}

/**
 * Begins each journey when the schedule says, however slow the replies are: an open loop of people who come, each of whom
 * waits for a reply before the next request. A step that fails ends its journey.
 */
export async function driveJourneys(
  url: string,
  journey: Journey,
  schedule: Schedule,
  limits: DriveLimits,
  clock: DriveClock,
): Promise<DrivenJourneys> {
  assertLocal(url);
  const pool = new Pool(url, {
    connections: limits.connections,
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
  });
  const driven: DrivenJourneys = { run: emptyRun(), stepMs: new Map(), begun: 0, finished: 0 };
  const { run, stepMs } = driven;
  const startedAt = clock.now();
  const underWay = new Set<Promise<void>>();

  const failed = (step: string, how: string, tookMs: number) => {
    const kind = `${step}: ${how}`;
    run.errors[kind] = (run.errors[kind] ?? 0) + 1;
    run.longestFailedMs = Math.max(run.longestFailedMs, tookMs);
  };
  const travel = async (n: number, dueMs: number) => {
    const memory = journey.begin(n);
    let fromMs = startedAt + dueMs;
    for (const step of journey.steps) {
      let how: string | null = null;
      try {
        const { method, path, headers, body = null } = step.request(memory);
        const reply = await pool.request({ method: method as 'GET', path, headers, body });
        const text = await reply.body.text();
        if (reply.statusCode < 200 || reply.statusCode > 299) how = `status ${reply.statusCode}`;
        else step.learn?.(JSON.parse(text), memory);
      } catch (error) {
        how = reasonOf(error);
      }
      const tookMs = clock.now() - fromMs;
      stepMs.get(step.name)?.push(tookMs) ?? stepMs.set(step.name, [tookMs]);
      if (how !== null) return failed(step.name, how, tookMs);
      run.atMs.push(fromMs - startedAt);
      run.latencyMs.push(tookMs);
      fromMs = clock.now();
    }
    driven.finished += 1;
  };

  try {
    for (const dueMs of schedule) {
      await clock.until(startedAt + dueMs);
      run.sendLagMs.push(clock.now() - startedAt - dueMs);
      if (underWay.size >= limits.underWayMax) {
        run.dropped += 1;
        continue;
      }
      const one: Promise<void> = travel(driven.begun, dueMs).finally(() => underWay.delete(one));
      underWay.add(one);
      driven.begun += 1;
    }
    await Promise.all(underWay);
    run.durationMs = clock.now() - startedAt;
    return driven;
  } finally {
    await pool.destroy();
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) return 'timeout';
  return error instanceof TypeError || error instanceof SyntaxError ? 'a reply that lacks something' : 'connection';
}
