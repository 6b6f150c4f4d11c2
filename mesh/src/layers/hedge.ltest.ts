import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import { hedgeLeastMeasurements } from '../policy/hedge.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const hedging = { percentile: 95, minDelayMs: 10, maxHedges: 1 };

/** Two instances of one kind, which a test makes slow one request at a time. */
async function pair(policy: Partial<BackendTrafficPolicy>) {
  /** The given number of requests whose reply waits for the test. */
  const held: ServerResponse[] = [];
  const state = { hold: 0, count: 0, bodies: [] as string[] };
  const listener: RequestListener = async (request, response) => {
    state.count += 1;
    const holds = state.hold > 0;
    if (holds) state.hold -= 1;
    const body = await readText(request);
    state.bodies.push(body);
    if (holds) held.push(response);
    else response.end('quick');
  };
  const ports = [(await upstreamServer(closing, listener)).port, (await upstreamServer(closing, listener)).port];
  const rules = [rule({ backendRefs: [backendRef('shop')] })];
  const config = meshConfig(
    [service('shop', ports, { circuitBreaker: { ...backendPolicy().circuitBreaker, enabled: false }, ...policy })],
    [route('all', rules)],
  );
  const mesh = await testMesh(closing, config);
  const warmUp = async () => {
    for (let i = 0; i < hedgeLeastMeasurements; i += 1) await (await fetch(mesh.url)).text();
    state.count = 0;
  };
  const hedges = async (outcome: string): Promise<number> => {
    const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    return Number(
      new RegExp(`^mesh_hedges_total\\{service="shop",outcome="${outcome}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0,
    );
  };
  return { mesh, state, held, warmUp, hedges };
}

describe('hedging', () => {
  test('a hanging request gets its reply from another instance, and the loser is aborted', async () => {
    const { mesh, state, held, warmUp, hedges } = await pair({ hedging });
    await warmUp();
    state.hold = 1;
    const body = 'the same body';
    state.bodies = [];
    const response = await fetch(mesh.url, { method: 'PUT', body, headers: { 'idempotency-key': 'one' } });
    assert.equal(await response.text(), 'quick');
    assert.equal(state.count, 2);
    assert.deepEqual(state.bodies, [body, body]);
    await until(() => held[0]?.destroyed === true, 'the slow one is called off');
    assert.equal(await hedges('won'), 1);
  });

  test('is off by default', async () => {
    const { mesh, state, held, warmUp } = await pair({});
    await warmUp();
    state.hold = 1;
    const reply = fetch(mesh.url, { headers: { 'x-request-timeout-ms': '1000' } });
    assert.equal((await reply).status, 504);
    assert.equal(state.count, 1);
    assert.equal(held.length, 1);
  });

  for (const method of ['POST', 'PUT', 'DELETE']) {
    test(`never sends a twin of ${method}, which may have an effect at once or late`, async () => {
      const { mesh, state, warmUp } = await pair({ hedging });
      await warmUp();
      state.hold = 1;
      const response = await fetch(mesh.url, { method, body: 'x', headers: { 'x-request-timeout-ms': '500' } });
      assert.equal(response.status, 504);
      assert.equal(state.count, 1);
    });
  }

  test('stays within the retry budget', async () => {
    const retryBudget = { percent: 1, minRetriesPerSecond: 0, ttlMs: 60_000 };
    const { mesh, state, held, warmUp, hedges } = await pair({ hedging, retryBudget });
    await warmUp();
    // 1 % of a hundred requests.
    state.hold = 1;
    assert.equal(await (await fetch(mesh.url)).text(), 'quick');
    assert.equal(state.count, 2);
    for (let denied = 1; denied <= 3; denied += 1) {
      state.hold = 1;
      const reply = fetch(mesh.url);
      await until(async () => (await hedges('denied')) === denied, 'the hedge is denied');
      held.at(-1)?.end('slow');
      assert.equal(await (await reply).text(), 'slow');
    }
    assert.equal(state.count, 5);
  });

  test('when the first attempt replies after all, the second is aborted', async () => {
    const { mesh, state, held, warmUp, hedges } = await pair({ hedging });
    await warmUp();
    state.hold = 2;
    const reply = fetch(mesh.url);
    await until(() => held.length === 2, 'both are in flight');
    held[0]?.end('late, but first');
    assert.equal(await (await reply).text(), 'late, but first');
    await until(() => held[1]?.destroyed === true, 'the other one is called off');
    await until(async () => (await hedges('lost')) === 1, 'it is counted');
  });

  test('a fast failure does not win over an attempt in flight', async () => {
    const { mesh, state, held, warmUp } = await pair({ hedging });
    await warmUp();
    state.hold = 2;
    const reply = fetch(mesh.url);
    await until(() => held.length === 2, 'both are in flight');
    held[1]?.writeHead(500).end('broken');
    await until(() => held[1]?.writableFinished === true, 'the failure has been sent');
    held[0]?.end('good');
    assert.equal(await (await reply).text(), 'good');
  });
});
