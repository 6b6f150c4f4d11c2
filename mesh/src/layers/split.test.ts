import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, testMesh, upstreamServer } from '../testing/harness.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** Points of the split, evenly spread: a share of n percent gets exactly n of a hundred requests. */
function everyHundredth(): () => number {
  let at = -1;
  return () => {
    at = (at + 1) % 100;
    return (at + 0.5) / 100;
  };
}

/** The replies to a hundred requests that are split by `weights`; `empty` has no instance. */
async function hundred(weights: Record<string, number>) {
  const named = async (name: string) =>
    (await upstreamServer(closing, (_request, response) => response.end(name))).port;
  const config = meshConfig(
    [service('old', [await named('old')]), service('new', [await named('new')]), service('empty', [])],
    [route('all', [rule({ backendRefs: Object.entries(weights).map(([name, weight]) => backendRef(name, weight)) })])],
  );
  // Only the split draws: one endpoint a service, no mirror, no retry.
  const mesh = await testMesh(closing, config, { random: everyHundredth() });
  const replies: Record<string, number> = {};
  for (let i = 0; i < 100; i += 1) {
    const response = await fetch(mesh.url);
    const text = await response.text();
    const reply = response.status === 200 ? text : String(response.status);
    replies[reply] = (replies[reply] ?? 0) + 1;
  }
  return { replies, flags: new Set(mesh.log.requests().flatMap(({ flags }) => flags)) };
}

describe('a split', () => {
  test('gives each backend its share, and none to a weight of 0', async () => {
    assert.deepEqual((await hundred({ old: 90, new: 10 })).replies, { old: 90, new: 10 });
    assert.deepEqual((await hundred({ old: 0, new: 3 })).replies, { new: 100 });
    assert.deepEqual((await hundred({ old: 1, new: 3 })).replies, { old: 25, new: 75 });
  });

  test('gives 500 if all weights are 0, or there is no backend', async () => {
    for (const weights of [{ old: 0, new: 0 }, {}]) {
      const { replies, flags } = await hundred(weights);
      assert.deepEqual(replies, { 500: 100 });
      assert.deepEqual(flags, new Set(['NC']));
    }
  });

  test('gives 503 for the share of a service without an instance: the other services do not get that share', async () => {
    assert.deepEqual((await hundred({ old: 80, empty: 20 })).replies, { old: 80, 503: 20 });
  });
});

describe('the listeners of a Gateway', () => {
  test('lead to the routes that are attached to them, on their own ports', async () => {
    const { port } = await upstreamServer(closing, (_request, response) => response.end('ok'));
    const privatePort = await quietPort();
    const config = meshConfig(
      [service('shop', [port])],
      [
        route('public', [rule({ backendRefs: [backendRef('shop')] })], {
          parents: [{ kind: 'Gateway', name: 'edge', sectionName: 'http' }],
        }),
        route(
          'private',
          [
            rule({
              matches: [{ path: { type: 'PathPrefix', value: '/admin' }, headers: [], queryParams: [] }],
              filters: [
                {
                  type: 'RequestRedirect',
                  redirect: { statusCode: 302, path: { type: 'ReplaceFullPath', replaceFullPath: '/private' } },
                },
              ],
            }),
          ],
          { parents: [{ kind: 'Gateway', name: 'edge', sectionName: 'private' }] },
        ),
      ],
    );
    config.gateways[0]?.listeners.push({ name: 'private', port: privatePort });
    const mesh = await testMesh(closing, config);
    const privateUrl = `http://127.0.0.1:${mesh.ports.get(`edge:${privatePort}`)}`;
    assert.equal(await (await fetch(`${mesh.url}/admin`)).text(), 'ok', 'the public route takes it');
    assert.equal((await fetch(`${privateUrl}/admin`, { redirect: 'manual' })).status, 302);
    assert.equal((await fetch(`${privateUrl}/`)).status, 404);
  });
});
