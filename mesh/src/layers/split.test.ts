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

/** Points of the split, evenly spread: exactly so many of a hundred requests fall to a share of so many percent. */
function everyHundredth(): () => number {
  let at = -1;
  return () => {
    at = (at + 1) % 100;
    return (at + 0.5) / 100;
  };
}

/** The answers to a hundred requests that are split by `weights`; `empty` has no instance. */
async function hundred(weights: Record<string, number>) {
  const named = async (name: string) =>
    (await upstreamServer(closing, (_request, response) => response.end(name))).port;
  const config = meshConfig(
    [service('old', [await named('old')]), service('new', [await named('new')]), service('empty', [])],
    [route('all', [rule({ backendRefs: Object.entries(weights).map(([name, weight]) => backendRef(name, weight)) })])],
  );
  // Nothing else draws: one endpoint a service, no mirror, no retry.
  const mesh = await testMesh(closing, config, { random: everyHundredth() });
  const answers: Record<string, number> = {};
  for (let i = 0; i < 100; i += 1) {
    const response = await fetch(mesh.url);
    const text = await response.text();
    const answer = response.status === 200 ? text : String(response.status);
    answers[answer] = (answers[answer] ?? 0) + 1;
  }
  return { answers, flags: new Set(mesh.log.requests().flatMap(({ flags }) => flags)) };
}

describe('a split', () => {
  test('gives each backend its share, and none to a weight of 0', async () => {
    assert.deepEqual((await hundred({ old: 90, new: 10 })).answers, { old: 90, new: 10 });
    assert.deepEqual((await hundred({ old: 0, new: 3 })).answers, { new: 100 });
    assert.deepEqual((await hundred({ old: 1, new: 3 })).answers, { old: 25, new: 75 });
  });

  test('answers 500 where all weights are 0, or there is no backend', async () => {
    for (const weights of [{ old: 0, new: 0 }, {}]) {
      const { answers, flags } = await hundred(weights);
      assert.deepEqual(answers, { 500: 100 });
      assert.deepEqual(flags, new Set(['NC']));
    }
  });

  test('answers 503 for the share of a service without an instance: the others are not given it', async () => {
    assert.deepEqual((await hundred({ old: 80, empty: 20 })).answers, { old: 80, 503: 20 });
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
