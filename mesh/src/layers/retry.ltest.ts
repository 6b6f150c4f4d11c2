import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { HttpRouteRule } from '../config/model.ts';
import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, RawClient, type TestMesh, testMesh, until, upstreamServer } from '../testing/harness.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const defaultRetry = { codes: [502, 503, 504], attempts: 2, backoffMs: 1 };
/** Only retries decide: no endpoint is taken out or avoided. */
const plain: Partial<BackendTrafficPolicy> = {
  circuitBreaker: { ...backendPolicy().circuitBreaker, enabled: false },
  loadBalancer: { ...backendPolicy().loadBalancer, algorithm: 'RoundRobin' },
};

const shortBackoff = { ...backendPolicy().retry, backoff: { maxMs: 30, jitter: 'Full' as const } };

/** Only the budget bounds retries. */
const budgetOnly = { retry: { ...backendPolicy().retry, duringOutage: true } };

/** A mesh with one service, whose instances are the given listeners. */
async function meshOf(
  listeners: RequestListener[],
  over: {
    rule?: Partial<HttpRouteRule>;
    policy?: Partial<BackendTrafficPolicy>;
    ports?: number[];
    noRetry?: boolean;
    random?: () => number;
  } = {},
): Promise<TestMesh> {
  const ports = [...(over.ports ?? [])];
  for (const listener of listeners) ports.push((await upstreamServer(closing, listener)).port);
  const retry = over.noRetry === true ? {} : { retry: defaultRetry };
  const rules = [rule({ backendRefs: [backendRef('shop')], ...retry, ...over.rule })];
  const config = meshConfig([service('shop', ports, { ...plain, ...over.policy })], [route('all', rules)]);
  return testMesh(closing, config, over.random === undefined ? {} : { random: over.random });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const failing = (_request: IncomingMessage, response: ServerResponse) => response.writeHead(503).end('failed');
const fine = (_request: IncomingMessage, response: ServerResponse) => response.end('fine');

/** The value of one series in the text of /metrics; 0 if absent. */
async function metric(mesh: TestMesh, series: RegExp): Promise<number> {
  const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
  const line = text.split('\n').find((each) => series.test(each));
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
}

const flagsOf = async (mesh: TestMesh): Promise<unknown> => {
  await until(() => mesh.log.requests().length > 0, 'the request is logged');
  return mesh.log.requests()[0]?.flags;
};

describe('a retry', () => {
  test('goes to another instance, whichever failed first', async () => {
    const mesh = await meshOf([failing, fine]);
    for (let i = 0; i < 40; i += 1) assert.equal(await (await fetch(mesh.url)).text(), 'fine');
    assert.ok((await metric(mesh, /^mesh_retries_total\{service="shop",reason="503",outcome="succeeded"\}/)) > 0);
    assert.ok((await metric(mesh, /^mesh_retry_budget_remaining\{service="shop"\}/)) < 108);
  });

  test('tells the upstream the number of the attempt', async () => {
    const seen: unknown[] = [];
    const mesh = await meshOf([
      (request, response) => {
        seen.push(request.headers['x-mesh-attempt']);
        response.writeHead(seen.length < 3 ? 502 : 200).end();
      },
    ]);
    assert.equal((await fetch(mesh.url, { headers: { 'x-mesh-attempt': '77' } })).status, 200);
    assert.deepEqual(seen, ['1', '2', '3']);
  });

  test('ends after the attempts of the route; the last reply is passed on, with flag and metric', async () => {
    let count = 0;
    const mesh = await meshOf([
      (_request, response) => {
        count += 1;
        response.writeHead(503, { 'x-count': count }).end(`attempt ${count}`);
      },
    ]);
    const response = await fetch(mesh.url);
    assert.equal(response.status, 503);
    assert.equal(await response.text(), 'attempt 3');
    assert.equal(count, 3);
    assert.deepEqual(await flagsOf(mesh), ['URX']);
    assert.equal(mesh.log.requests()[0]?.attempts, 3);
    assert.equal(await metric(mesh, /^mesh_retries_denied_total\{service="shop",reason="no_attempts_left"\}/), 1);
    assert.equal(await metric(mesh, /^mesh_retries_total\{service="shop",reason="503",outcome="failed"\}/), 2);
  });

  test('does not repeat a request that may have had an effect, unless it carries an Idempotency-Key', async () => {
    let count = 0;
    const mesh = await meshOf([
      (_request, response) => {
        count += 1;
        response.writeHead(503).end();
      },
    ]);
    await fetch(mesh.url, { method: 'POST', body: 'x' });
    assert.equal(count, 1);
    await fetch(mesh.url, { method: 'POST', body: 'x', headers: { 'idempotency-key': 'k1' } });
    assert.equal(count, 4);
  });

  test('is made for a POST, and without a retry in the route, if the request was not sent', async () => {
    const bodies: string[] = [];
    const mesh = await meshOf(
      [
        async (request, response) => {
          bodies.push(String(await bodyOf(request)));
          response.end('fine');
        },
      ],
      { ports: [await quietPort(), await quietPort()], noRetry: true },
    );
    for (let i = 0; i < 10; i += 1) {
      assert.equal((await fetch(mesh.url, { method: 'POST', body: `body ${i}` })).status, 200);
    }
    assert.deepEqual(
      bodies,
      Array.from({ length: 10 }, (_, i) => `body ${i}`),
    );
  });

  test('covers a connection that is cut before the reply, and a reply that is not HTTP', async () => {
    const garbage = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('this is not HTTP\r\n\r\n'));
    });
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve));
    closing.add(() => garbage.close());
    const ports = [(garbage.address() as AddressInfo).port];
    const mesh = await meshOf([(request) => request.socket.destroy(), fine], { ports });
    for (let i = 0; i < 30; i += 1) assert.equal(await (await fetch(mesh.url)).text(), 'fine');
  });

  test('is not made once a part of the reply has been handed on', async () => {
    let count = 0;
    const mesh = await meshOf([
      (_request, response) => {
        count += 1;
        // Longer than a reply that is held.
        response.writeHead(200, { 'content-length': 100_000 });
        response.write('half', () => response.destroy());
      },
    ]);
    await assert.rejects(async () => (await fetch(mesh.url)).text());
    assert.equal(count, 1);
  });

  test('is not made if Retry-After asks for a longer wait than the policy allows', async () => {
    let count = 0;
    const mesh = await meshOf(
      [
        (_request, response) => {
          count += 1;
          response.writeHead(503, { 'retry-after': '60' }).end('busy');
        },
      ],
      { policy: { retry: { ...backendPolicy().retry, maxRetryAfterMs: 5000 } } },
    );
    const response = await fetch(mesh.url);
    assert.equal(await response.text(), 'busy');
    assert.equal(response.headers.get('retry-after'), '60');
    assert.equal(count, 1);
    assert.equal(await metric(mesh, /^mesh_retries_denied_total\{service="shop",reason="retry_after_too_long"\}/), 1);
  });

  test('is not made if the deadline would come first', async () => {
    let count = 0;
    const mesh = await meshOf(
      [
        (_request, response) => {
          count += 1;
          response.writeHead(503, { 'retry-after': '4' }).end('busy');
        },
      ],
      { rule: { timeouts: { requestMs: 3000, backendRequestMs: 0 } } },
    );
    assert.equal(await (await fetch(mesh.url)).text(), 'busy');
    assert.equal(count, 1);
    assert.equal(await metric(mesh, /^mesh_retries_denied_total\{service="shop",reason="deadline_too_near"\}/), 1);
  });

  test('is given up when the client goes during the wait', async () => {
    let count = 0;
    const mesh = await meshOf([
      (_request, response) => {
        count += 1;
        response.writeHead(503, { 'retry-after': '4' }).end('busy');
      },
    ]);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    await until(() => count === 1, 'the first attempt has been made');
    client.socket.destroy();
    await until(() => mesh.inFlight() === 0, 'nothing is in flight');
    assert.equal(count, 1);
    assert.equal(mesh.log.requests()[0]?.reason, 'client_closed');
  });

  test('waits at least as long as the route and the Retry-After say', async () => {
    for (const [retryAfter, leastMs] of [
      [undefined, 40],
      ['1', 1000],
    ] as const) {
      const timesMs: number[] = [];
      const mesh = await meshOf(
        [
          (_request, response) => {
            timesMs.push(performance.now());
            response.writeHead(503, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
          },
        ],
        // More than `backoff.max`.
        { rule: { retry: { ...defaultRetry, backoffMs: 40 } }, policy: { retry: shortBackoff }, random: () => 0 },
      );
      await (await fetch(mesh.url)).text();
      const waitsMs = timesMs.slice(1).map((atMs, i) => atMs - (timesMs[i] as number));
      assert.equal(waitsMs.length, 2);
      for (const waitMs of waitsMs) assert.ok(waitMs >= leastMs, `${waitMs} ms, asked for ${leastMs}`);
    }
  });

  test('keeps the connections of failed attempts for others', async () => {
    const connections = new Set<unknown>();
    const mesh = await meshOf([
      (request, response) => {
        connections.add(request.socket);
        response.writeHead(503).end('x'.repeat(1000));
      },
    ]);
    for (let i = 0; i < 10; i += 1) await (await fetch(mesh.url)).text();
    assert.ok(connections.size <= 2, `${connections.size} connections`);
  });
});

describe('the retry budget', () => {
  test('bounds retries however many the route allows, and says so', async () => {
    let count = 0;
    const mesh = await meshOf(
      [
        (_request, response) => {
          count += 1;
          response.writeHead(503).end();
        },
      ],
      {
        rule: { retry: { ...defaultRetry, attempts: 50 } },
        policy: { ...budgetOnly, retryBudget: { percent: 20, minRetriesPerSecond: 1, ttlMs: 10_000 } },
      },
    );
    for (let i = 0; i < 50; i += 1) await (await fetch(mesh.url)).text();
    // 20 % of 50 and 1 a second over 10 s.
    assert.ok(count <= 70, `${count} attempts`);
    assert.ok(count >= 60, `${count} attempts`);
    await until(() => mesh.log.requests().length === 50, 'all are logged');
    assert.deepEqual(mesh.log.requests().at(-1)?.flags, ['URB']);
    assert.ok((await metric(mesh, /^mesh_retry_budget_remaining\{service="shop"\}/)) < 1);
    assert.ok((await metric(mesh, /^mesh_retries_denied_total\{service="shop",reason="no_budget"\}/)) > 30);
  });

  test('allows no retries while all instances are failing, which is reported, and retries return with the service', async () => {
    let sick = true;
    let count = 0;
    const listener: RequestListener = (request, response) => {
      count += 1;
      if (sick) failing(request, response);
      else fine(request, response);
    };
    const mesh = await meshOf([listener, listener]);
    const denied = /^mesh_retries_denied_total\{service="shop",reason="outage"\}/;
    await until(async () => {
      assert.equal((await fetch(mesh.url)).status, 503);
      return (await metric(mesh, denied)) > 0;
    }, 'the service is found to be out');
    await until(() => String(mesh.log.requests().at(-1)?.flags) === 'URB', 'it is logged');
    const [before, deniedBefore] = [count, await metric(mesh, denied)];
    for (let i = 0; i < 50; i += 1) await (await fetch(mesh.url)).text();
    assert.equal(count - before, 50, 'requests are sent once');
    assert.equal((await metric(mesh, denied)) - deniedBefore, 50);
    sick = false;
    for (let i = 0; i < 10; i += 1) assert.equal(await (await fetch(mesh.url)).text(), 'fine');
  });

  test('also if the service does not even accept connections', async () => {
    const port = await quietPort();
    const mesh = await meshOf([], {
      ports: [port],
      policy: { retryBudget: { percent: 0, minRetriesPerSecond: 1, ttlMs: 1000 } },
      rule: { retry: { codes: [], attempts: 100, backoffMs: 1 } },
    });
    const response = await fetch(mesh.url);
    assert.equal(response.status, 503);
    await until(() => mesh.log.requests().length === 1, 'it is logged');
    assert.ok((mesh.log.requests()[0]?.attempts as number) <= 3);
  });

  test('is not refilled by a change of the configuration', async () => {
    const mesh = await meshOf([failing], {
      policy: { ...budgetOnly, retryBudget: { percent: 0, minRetriesPerSecond: 1, ttlMs: 60_000 } },
    });
    for (let i = 0; i < 40; i += 1) await (await fetch(mesh.url)).text();
    assert.ok((await metric(mesh, /^mesh_retry_budget_remaining/)) < 1);
    mesh.documents = structuredClone(mesh.documents);
    await mesh.reload('test', 'a push');
    await (await fetch(mesh.url)).text();
    assert.ok((await metric(mesh, /^mesh_retry_budget_remaining/)) < 2);
  });
});

describe('a body', () => {
  test('arrives byte for byte with every attempt, whatever its size and wherever the previous attempt broke off', async () => {
    let plan: { readsBytes: number; cut: boolean } = { readsBytes: 0, cut: false };
    let first = true;
    const mesh = await meshOf(
      [
        async (request, response) => {
          if (!first) {
            response.end(await bodyOf(request));
            return;
          }
          first = false;
          const { readsBytes, cut } = plan;
          const fail = () => {
            if (cut) request.socket.destroy();
            else response.writeHead(503).end();
          };
          if (readsBytes === 0) {
            fail();
            return;
          }
          let read = 0;
          request.on('data', (chunk: Buffer) => {
            read += chunk.byteLength;
            if (read >= readsBytes) fail();
          });
        },
      ],
      { policy: { retryBudget: { percent: 100, minRetriesPerSecond: 1000, ttlMs: 10_000 } } },
    );
    let seed = 12_345;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed % below;
    };
    for (let i = 0; i < 300; i += 1) {
      const size = random(65_536) + 1;
      const body = Buffer.alloc(size);
      for (let at = 0; at < size; at += 1) body[at] = random(256);
      plan = { readsBytes: random(3) === 0 ? 0 : random(size) + 1, cut: random(2) === 0 };
      first = true;
      // Half of them without a Content-Length, in pieces.
      const chunked = random(2) === 0;
      const cutAt = random(size);
      const content = chunked
        ? new ReadableStream({
            start(controller) {
              controller.enqueue(body.subarray(0, cutAt));
              controller.enqueue(body.subarray(cutAt));
              controller.close();
            },
          })
        : body;
      const response = await fetch(mesh.url, { method: 'PUT', body: content, duplex: 'half' } as RequestInit);
      assert.equal(response.status, 200, `${i}: ${size} bytes, ${JSON.stringify(plan)}, chunked: ${chunked}`);
      const echoed = Buffer.from(await response.arrayBuffer());
      assert.ok(echoed.equals(body), `${i}: ${size} bytes, ${JSON.stringify(plan)}, chunked: ${chunked}`);
    }
  });

  test('that is longer than the limit is streamed through and not sent again', async () => {
    let count = 0;
    const mesh = await meshOf([
      async (request, response) => {
        count += 1;
        await bodyOf(request);
        response.writeHead(503).end();
      },
    ]);
    const response = await fetch(mesh.url, { method: 'PUT', body: Buffer.alloc(70_000) });
    assert.equal(response.status, 503);
    assert.equal(count, 1);
    assert.equal(await metric(mesh, /^mesh_retries_denied_total\{service="shop",reason="body_not_kept"\}/), 1);
  });
});

describe('a request that was not sent', () => {
  test('is retried with a body that is too long to be kept: no attempt has begun to read it', async () => {
    const mesh = await meshOf([async (request, response) => response.end(await bodyOf(request))], {
      ports: [await quietPort()],
      noRetry: true,
    });
    const body = Buffer.alloc(200_000, 'abc');
    for (let i = 0; i < 8; i += 1) {
      const response = await fetch(mesh.url, { method: 'POST', body });
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(body));
    }
  });

  test('is retried as an upgrade, too', async () => {
    const { server, port } = await upstreamServer(closing, failing);
    server.on('upgrade', (_request, socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello');
      closing.add(() => socket.destroy());
    });
    const mesh = await meshOf([], { ports: [port, await quietPort()], noRetry: true });
    for (let i = 0; i < 8; i += 1) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send('GET / HTTP/1.1', 'Host: shop', 'Connection: Upgrade', 'Upgrade: websocket', '', '');
      await client.untilReceived(/101 Switching[\s\S]*hello/);
    }
  });
});

describe('the time of an attempt', () => {
  test('backendRequest ends a hanging attempt, and another instance replies', async () => {
    // Longer than a busy machine takes for the successful reply.
    const mesh = await meshOf([() => {}, fine], { rule: { timeouts: { requestMs: 0, backendRequestMs: 1000 } } });
    for (let i = 0; i < 4; i += 1) assert.equal(await (await fetch(mesh.url)).text(), 'fine');
    assert.ok(
      (await metric(mesh, /^mesh_retries_total\{service="shop",reason="attempt_timeout",outcome="succeeded"\}/)) > 0,
    );
  });

  test('without another attempt it is a 504', async () => {
    const mesh = await meshOf([() => {}], {
      rule: { timeouts: { requestMs: 0, backendRequestMs: 30 }, retry: { ...defaultRetry, attempts: 0 } },
    });
    assert.equal((await fetch(mesh.url)).status, 504);
    assert.equal(mesh.log.requests()[0]?.reason, 'attempt_timeout');
  });

  test('perTryTimeout ends an attempt only if another one can follow', async () => {
    let attempt: unknown = 0;
    let release = () => {};
    const mesh = await meshOf(
      [
        (request, response) => {
          // On a busy machine the time of one before it may be over before it gets here.
          attempt = request.headers['x-mesh-attempt'];
          release = () => response.end(`attempt ${attempt}`);
        },
      ],
      { policy: { retry: { ...backendPolicy().retry, perTryTimeoutMs: 20 } } },
    );
    const response = fetch(mesh.url);
    await until(() => attempt === '3', 'two attempts have been aborted');
    release();
    assert.equal(await (await response).text(), 'attempt 3');
  });
});
