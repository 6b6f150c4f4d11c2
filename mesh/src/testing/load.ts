import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { Closing } from './harness.ts';
import { until } from './harness.ts';

/** The outcome of one request. */
export interface Outcome {
  method: string;
  /** `performance.now()` at the beginning, and at the last byte or the failure. */
  begunMs: number;
  endedMs: number;
  /** 0 if there was no reply. */
  status: number;
  /** The instance that replied, from its header `x-instance`. */
  instance: string;
  /** Why the request failed; null if status, length and content are as expected. */
  failure: string | null;
}

export interface LoadOptions {
  /** `http://127.0.0.1:port` */
  url: string;
  clients: number;
  /** The maximum number of requests, so that a test that waits in vain ends. */
  requestsMax: number;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** The content of every good reply. */
  expected: (method: string, body: string) => string;
}

export interface Load {
  readonly outcomes: readonly Outcome[];
  /** Failed requests that began at `sinceMs` or later. */
  failures(sinceMs?: number): Outcome[];
  /** Resolves when all requests now in flight have ended. */
  settled(): Promise<void>;
  /** Resolves when `count` requests that begin from now on have ended. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Each client sends idempotent requests one after the other, on kept-alive connections. */
const methods = ['GET', 'PUT', 'GET', 'DELETE'] as const;

export function startLoad(closing: Closing, { url, clients, requestsMax, headers = {}, expected }: LoadOptions): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const outcomes: Outcome[] = [];
  let begun = 0;
  let stopped = false;
  /** Per client, the request in flight. */
  const underWay = new Set<Promise<void>>();

  const one = async (client: number): Promise<void> => {
    const method = methods[begun % methods.length] as string;
    const body = method === 'PUT' ? `${client}/${begun}/${'x'.repeat(begun % 3000)}` : '';
    begun += 1;
    const begunMs = performance.now();
    let status = 0;
    let instance = '';
    let failure: string | null = null;
    try {
      const response = await send(url, { method, headers, agent }, body);
      status = response.statusCode ?? 0;
      instance = String(response.headers['x-instance'] ?? '');
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = String(Buffer.concat(chunks));
      if (status !== 200) failure = `${status} ${text}`;
      else if (text !== expected(method, body)) failure = `another content: ${JSON.stringify(text.slice(0, 200))}`;
    } catch (thrown) {
      failure = String((thrown as { code?: string }).code ?? thrown);
    }
    outcomes.push({ method, begunMs, endedMs: performance.now(), status, instance, failure });
  };
  const running = Array.from({ length: clients }, async (_, client) => {
    while (!stopped && begun < requestsMax) {
      const now = one(client);
      underWay.add(now);
      await now;
      underWay.delete(now);
    }
  });
  const stop = async () => {
    stopped = true;
    await Promise.all(running);
    agent.destroy();
  };
  closing.add(stop);
  return {
    outcomes,
    failures: (sinceMs = 0) => outcomes.filter(({ begunMs, failure }) => failure !== null && begunMs >= sinceMs),
    settled: async () => {
      await Promise.all(underWay);
    },
    async more(count) {
      const sinceMs = performance.now();
      await until(() => {
        assert.ok(begun < requestsMax, `the load goes on: ${begun} requests have been made`);
        let ended = 0;
        for (let at = outcomes.length - 1; at >= 0 && ended < count; at -= 1) {
          const outcome = outcomes[at] as Outcome;
          if (outcome.endedMs < sinceMs) break;
          if (outcome.begunMs >= sinceMs) ended += 1;
        }
        return ended >= count;
      }, `${count} more requests have ended`);
    },
    stop,
  };
}

function send(url: string, options: RequestOptions, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}
