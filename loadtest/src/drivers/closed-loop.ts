import autocannon from 'autocannon';
import { emptyRun, type Run } from '../measure/run.ts';
import { assertLoopback, type Target } from './request.ts';

export interface ClosedLoopProfile {
  connections: number;
  /** Requests in all; or, where absent, `durationMs` bounds the run. */
  amount?: number;
  durationMs?: number;
  timeoutMs?: number;
}

/**
 * The first witness: autocannon, closed loop, without a rate (its rate mode invents samples). Each connection sends its next
 * request when the last one is answered, so a slow target is asked less: this shows what a caller waits, not what
 * a crowd would.
 *
 * Latencies are taken from its `response` events, which carry fractions; its own histogram is of whole milliseconds.
 */
export async function closedLoop(target: Target, profile: ClosedLoopProfile): Promise<Run> {
  assertLoopback(target.url);
  const run = emptyRun();
  const startedAt = performance.now();
  const ended = Promise.withResolvers<autocannon.Result>();
  const options: autocannon.Options = {
    url: target.url,
    connections: profile.connections,
    sampleInt: 100,
    timeout: Math.ceil((profile.timeoutMs ?? 10_000) / 1000),
    ...(profile.amount === undefined ? { duration: (profile.durationMs ?? 1000) / 1000 } : { amount: profile.amount }),
    requests: target.requests.map(({ method, path, headers, body }) => ({
      method: method as autocannon.Request['method'] & string,
      path,
      headers,
      ...(body === undefined ? {} : { body }),
    })),
  };
  const instance = autocannon(options, (error, result) => (error ? ended.reject(error) : ended.resolve(result)));
  const fail = (kind: string, count: number) => {
    if (count > 0) run.errors[kind] = (run.errors[kind] ?? 0) + count;
  };
  instance.on('response', (_client, status, _bytes, responseMs) => {
    if (status < 200 || status > 299) return fail(`status ${status}`, 1);
    run.atMs.push(performance.now() - startedAt - responseMs);
    run.latencyMs.push(responseMs);
  });
  const result = await ended.promise;
  fail('timeout', result.timeouts);
  fail('connection', result.errors - result.timeouts);
  run.durationMs = performance.now() - startedAt;
  return run;
}
