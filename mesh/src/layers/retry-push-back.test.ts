import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, type RequestListener, request } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import { retryableHeader } from '../policy/retry-policy.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, type TestMesh, testMesh, until, upstreamServer } from '../testing/harness.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const retry = { codes: [502, 503, 504], attempts: 2, backoffMs: 1 };
/** Only the attempts of the routes decide. */
const plain: Partial<BackendTrafficPolicy> = {
  retry: { ...backendPolicy().retry, duringOutage: true },
  circuitBreaker: { ...backendPolicy().circuitBreaker, enabled: false },
  retryBudget: { percent: 100, minRetriesPerSecond: 1000, ttlMs: 10_000 },
};

interface Received {
  status: number;
  headers: IncomingHttpHeaders;
}

function ask(port: number, host: string, over: { method?: string; headers?: Record<string, string> } = {}) {
  return new Promise<Received>((resolve, reject) => {
    request(
      { host: '127.0.0.1', port, method: over.method ?? 'GET', headers: { ...over.headers, host } },
      (response) => {
        response.resume();
        response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
      },
    )
      .on('error', reject)
      .end();
  });
}

/**
 * Edge to `first` to `second` to `third`, each call through the mesh, each hop with two retries.
 *
 * @param passesOn whether `first` and `second` pass on the reply's retryable field
 * @param method of the calls between the services
 * @param third null: nothing listens there
 */
async function callGraph(third: RequestListener | null, { passesOn = true, method = 'GET', policy = plain } = {}) {
  const held: { mesh?: TestMesh } = {};
  const counts = { first: 0, second: 0, third: 0 };
  const calling =
    (name: 'first' | 'second', next: string): RequestListener =>
    async (_request, response) => {
      counts[name] += 1;
      const { status, headers } = await ask(held.mesh?.internalPort ?? 0, next, { method });
      const mark = headers[retryableHeader];
      response.writeHead(status, passesOn && mark !== undefined ? { [retryableHeader]: mark } : {}).end();
    };
  const first = await upstreamServer(closing, calling('first', 'second'));
  const second = await upstreamServer(closing, calling('second', 'third'));
  const leaf =
    third === null
      ? { port: await quietPort() }
      : await upstreamServer(closing, (message, response) => {
          counts.third += 1;
          third(message, response);
        });
  const internal = (name: string) =>
    route(name, [rule({ backendRefs: [backendRef(name)], retry })], { parents: [{ kind: 'Service', name }] });
  const mesh = await testMesh(
    closing,
    meshConfig(
      [
        service('first', [first.port], plain),
        service('second', [second.port], plain),
        service('third', [leaf.port], policy),
      ],
      [route('edge', [rule({ backendRefs: [backendRef('first')], retry })]), internal('second'), internal('third')],
    ),
  );
  held.mesh = mesh;
  return { mesh, counts };
}

const failing: RequestListener = (_request, response) => response.writeHead(503).end();

describe('a failure deep in a call graph', () => {
  test('is retried by the hop above it, and by no other', async () => {
    const { mesh, counts } = await callGraph(failing);
    const { status, headers } = await ask(mesh.edgePort, 'shop');
    assert.equal(status, 503);
    assert.deepEqual(counts, { first: 1, second: 1, third: 3 });
    assert.equal(headers[retryableHeader], undefined, 'clients outside do not see the field');
    const metrics = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    assert.match(metrics, /mesh_retries_denied_total\{service="second",reason="pushed_back"\} 1/);
    assert.match(metrics, /mesh_retries_denied_total\{service="first",reason="pushed_back"\} 1/);
  });

  test('is retried by every hop if the services do not pass on the mesh’s field', async () => {
    const { mesh, counts } = await callGraph(failing, { passesOn: false });
    await ask(mesh.edgePort, 'shop');
    assert.deepEqual(counts, { first: 3, second: 9, third: 27 });
  });

  test('also if no instance could be reached at all', async () => {
    const { mesh, counts } = await callGraph(null);
    assert.equal((await ask(mesh.internalPort, 'third')).headers[retryableHeader], 'false');
    assert.equal((await ask(mesh.edgePort, 'shop')).status, 503);
    assert.deepEqual(counts, { first: 1, second: 1, third: 0 });
  });

  test('may be retried further out if the hop above it may not retry', async () => {
    const { mesh, counts } = await callGraph(failing, { method: 'POST' });
    await ask(mesh.edgePort, 'shop');
    assert.deepEqual(counts, { first: 3, second: 3, third: 3 });
  });

  test('that goes away with a retry leaves no trace', async () => {
    let seen = 0;
    const { mesh, counts } = await callGraph((_request, response) => {
      seen += 1;
      response.writeHead(seen === 1 ? 503 : 200).end();
    });
    assert.equal((await ask(mesh.internalPort, 'second')).headers[retryableHeader], undefined);
    assert.deepEqual(counts, { first: 0, second: 1, third: 2 });
  });

  test('is retried nowhere if the service itself forbids it', async () => {
    const { mesh, counts } = await callGraph((_request, response) =>
      response.writeHead(503, { [retryableHeader]: 'false' }).end(),
    );
    await ask(mesh.edgePort, 'shop');
    assert.deepEqual(counts, { first: 1, second: 1, third: 1 });
  });

  test('that is shed load is not retried by callers of callers', async () => {
    const limits = { ...backendPolicy().limits, maxInFlight: 1, maxQueued: 0 };
    let release = () => {};
    const { mesh, counts } = await callGraph(
      (_request, response) => {
        release = () => response.end();
      },
      { policy: { ...plain, limits } as typeof plain },
    );
    const held = ask(mesh.internalPort, 'third');
    await until(() => counts.third === 1, 'the only place is taken');
    assert.equal((await ask(mesh.edgePort, 'shop')).status, 503);
    assert.deepEqual(counts, { first: 1, second: 1, third: 1 });
    release();
    assert.equal((await held).status, 200);
  });
});

describe('an outsider', () => {
  test('cannot make the mesh retry more or less by sending the field', async () => {
    for (const value of ['false', 'true']) {
      let seen: unknown = '';
      const { mesh, counts } = await callGraph((message, response) => {
        seen = message.headers[retryableHeader];
        response.writeHead(503).end();
      });
      await ask(mesh.edgePort, 'shop', { headers: { [retryableHeader]: value } });
      assert.equal(counts.third, 3);
      assert.equal(seen, undefined);
    }
  });
});
