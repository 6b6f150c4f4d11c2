import type { Socket } from 'node:net';
import autocannon from 'autocannon';
import { emptyRun, type Run } from '../measure/run.ts';
import { assertLocal, type Target } from './request.ts';

export interface ClosedLoopProfile {
  connections: number;
  /** Requests in all; or, where absent, `durationMs` bounds the run. */
  amount?: number;
  durationMs?: number;
  timeoutMs?: number;
}

/** The part of autocannon's client that is used and that its types leave out. */
interface Client {
  conn: Socket;
  destroyed: boolean;
  on(event: 'request', heard: () => void): void;
}

/**
 * The closed loop: autocannon, without a rate (its rate mode invents samples). Each connection sends its next
 * request when the last one is answered, so a slow target gets fewer requests: this shows what a caller waits, not what
 * a crowd would.
 *
 * Latencies are taken from its `response` events, which carry fractions; its own histogram is of whole milliseconds.
 *
 * When the target closes a connection, autocannon goes on with a new one, forgets its pending requests, and pairs later
 * replies with earlier requests: from then on its latencies are wrong, and its count of errors stays at zero. So each
 * close is an error here (`closed by the target`), and so is each request that was never settled (`lost`).
 *
 * @throws the reason of `signal` when it was given up
 */
export async function closedLoop(target: Target, profile: ClosedLoopProfile, signal?: AbortSignal): Promise<Run> {
  signal?.throwIfAborted();
  assertLocal(target.url);
  const run = emptyRun();
  const startedAt = performance.now();
  const ended = Promise.withResolvers<autocannon.Result>();
  let sent = 0;
  let settled = 0;
  let closed = 0;
  const watch = (client: Client) => {
    const known = new WeakSet<Socket>();
    client.on('request', () => {
      sent += 1;
      if (known.has(client.conn)) return;
      known.add(client.conn);
      // First in the row: autocannon's own listener may end the client.
      client.conn.prependOnceListener('end', () => {
        if (!client.destroyed) closed += 1;
      });
    });
  };
  const timeoutS = Math.ceil((profile.timeoutMs ?? 10_000) / 1000);
  const options: autocannon.Options = {
    setupClient: (client) => watch(client as unknown as Client),
    url: target.url,
    connections: profile.connections,
    sampleInt: 100,
    timeout: timeoutS,
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
    settled += 1;
    if (status < 200 || status > 299) {
      run.longestFailedMs = Math.max(run.longestFailedMs, responseMs);
      return fail(`status ${status}`, 1);
    }
    run.atMs.push(performance.now() - startedAt - responseMs);
    run.latencyMs.push(responseMs);
  });
  const stop = () => instance.stop();
  signal?.addEventListener('abort', stop, { once: true });
  const result = await ended.promise;
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  fail('timeout', result.timeouts);
  if (result.timeouts > 0) run.longestFailedMs = Math.max(run.longestFailedMs, timeoutS * 1000);
  fail('connection', result.errors - result.timeouts);
  fail('closed by the target', closed);
  // Bounded by time, each connection is cut off with a request under way: those are not lost.
  const underWay = profile.amount === undefined ? profile.connections : 0;
  fail('lost', sent - settled - result.errors - underWay);
  run.durationMs = performance.now() - startedAt;
  return run;
}
