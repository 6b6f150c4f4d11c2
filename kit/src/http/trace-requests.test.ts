import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { processSpans, type Span } from '../mesh/spans.ts';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { until } from '../testing/until.ts';
import { addLeanPost } from './lean-post.ts';
import { createServer, type Server } from './server.ts';

const [trace, caller] = ['1'.repeat(32), '2'.repeat(16)];
const traceparent = `00-${trace}-${caller}-01`;

describe('spans of requests', () => {
  let server: Server;
  let url: string;
  let hold: Promise<void> = Promise.resolve();
  const seen: unknown[] = [];
  let made: Span[] = [];
  let stop = () => {};

  before(async () => {
    server = await createServer({
      ...{ logger: createLogger({ level: 'silent', service: 'test' }), metrics: new Metrics(), errors: {}, checks: {} },
    });
    addLeanPost(server, {
      ...{ path: '/lean', schema: {}, bodyLimitBytes: 100, headers: {} },
      handle: async () => ({}),
    });
    server.get('/things/:id', async ({ headers }) => {
      seen.push(headers.traceparent);
      await hold;
      return {};
    });
    server.get('/broken', async () => {
      throw new Error('hunter2');
    });
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  after(() => server.close());
  beforeEach(() => {
    made = [];
    seen.length = 0;
    stop = processSpans.listen((span) => made.push(span));
  });
  afterEach(() => stop());

  const get = (path: string, headers: Record<string, string> = { traceparent }) => fetch(url + path, { headers });

  test('have the route, the path without its query, and the status', async () => {
    await get('/things/7?token=secret');
    await until('the span', () => made.length === 1);
    const [{ spanId, startedAtMs, durationMs, ...rest }] = made as [Span];
    assert.deepEqual(rest, {
      ...{ traceId: trace, parentId: caller, kind: 'server', name: 'GET /things/:id', failed: false },
      attributes: {
        ...{ 'http.request.method': 'GET', 'url.path': '/things/7', 'http.route': '/things/:id' },
        'http.response.status_code': 200,
      },
    });
    assert.deepEqual(seen, [`00-${trace}-${spanId}-01`], 'what the request causes has the span as its parent');
  });

  test('of failures and of paths that are none', async () => {
    await get('/broken');
    await get('/nothing');
    await until('the spans', () => made.length === 2);
    const short = made.map(({ name, failed, attributes }) => [name, failed, attributes['error.type']]);
    assert.deepEqual(short, [
      ['GET /broken', true, '500'],
      ['GET', false, undefined],
    ]);
  });

  test('of a route past the framework', async () => {
    const headers = { traceparent, 'content-type': 'application/json' };
    await fetch(`${url}/lean`, { method: 'POST', headers, body: '{}' });
    await until('the span', () => made.length === 1);
    assert.deepEqual([made[0]?.name, made[0]?.attributes['http.response.status_code']], ['POST /lean', 200]);
  });

  test('of a client that has gone', async () => {
    const held = Promise.withResolvers<void>();
    hold = held.promise;
    const leaving = request(`${url}/things/7`, { headers: { traceparent } });
    leaving.on('error', () => {});
    leaving.end();
    await until('the request', () => seen.length === 1);
    leaving.destroy();
    await until('the span', () => made.length === 1);
    held.resolve();
    assert.deepEqual(
      [made[0]?.attributes['error.type'], made[0]?.attributes['http.response.status_code'], made[0]?.failed],
      ['client_gone', undefined, false],
    );
  });

  test('are none where the caller has not sampled the trace, and its context is passed on as it came', async () => {
    const others = [{}, { traceparent: `00-${trace}-${caller}-00` }, { traceparent: 'nonsense' }];
    for (const headers of others) await get('/things/7', headers as Record<string, string>);
    assert.deepEqual(seen, [undefined, others[1]?.traceparent, 'nonsense']);
    await get('/things/7');
    await until('the last one', () => made.length === 1);
  });
});
