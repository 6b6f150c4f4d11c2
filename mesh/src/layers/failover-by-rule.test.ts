import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backendPolicy, readsAndWrites, service } from '../testing/config.ts';
import { Closing, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const by = { who: 'test', why: '' };

/**
 * A resource that moves from `old` to `new`, whose instances register themselves: at first there is none. Reads go to
 * `new` and fail over to `old`; writes go to `old`. Its changes are settled by a service that replies as `settling` says.
 */
async function moving() {
  const state = { settling: 204 };
  const side = (name: string) =>
    upstreamServer(closing, (request, response) => request.resume().on('end', () => response.end(name)));
  const [old, next] = [await side('old'), await side('new')];
  const migrator = await upstreamServer(closing, (request, response) =>
    request.resume().on('end', () => response.writeHead(state.settling).end()),
  );
  const config = readsAndWrites(
    { old: old.port, new: 1 },
    {
      policy: {
        failover: { service: 'old', port: 80, methods: ['GET', 'HEAD'], rules: ['reads'] },
        settle: {
          service: 'migrator',
          port: 80,
          resources: ['brands'],
          after: { timeoutMs: 250, writesRule: 'writes' },
        },
      },
      others: [service('migrator', [migrator.port])],
    },
  );
  const lease = { ttlMs: 15_000, maxEndpoints: 10 };
  const leased = config.services.find(({ name }) => name === 'new');
  assert.ok(leased !== undefined);
  leased.endpoints = [];
  leased.policy.discovery = { ...backendPolicy().discovery, lease };
  const mesh = await testMesh(closing, config);
  mesh.mesh.shift('brands/reads', { new: 100 }, by);
  const isSettled = () => mesh.parts.settlers.list().every(({ settled }) => settled);
  await until(isSettled, 'the first round has succeeded');
  const call = async (method: string) => {
    const reply = await fetch(`${mesh.adminUrl}/leases/new/one`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(method === 'PUT' ? { port: next.port } : {}),
    });
    assert.equal(reply.status, 200);
    await reply.arrayBuffer();
  };
  const ask = async (method: string) => {
    const response = await fetch(mesh.url, { method });
    return `${response.status} ${(await response.text()).slice(0, 3)}`;
  };
  return { mesh, state, ask, isSettled, arrive: () => call('PUT'), leave: () => call('DELETE') };
}

describe('a service without any instance', () => {
  test('costs its resource nothing while the other side has the data', async () => {
    const { ask, arrive, leave } = await moving();
    assert.deepEqual([await ask('GET'), await ask('POST'), await ask('GET')], ['200 old', '200 old', '200 old']);
    await arrive();
    assert.equal(await ask('GET'), '200 new');
    await leave();
    assert.equal(await ask('GET'), '200 old');
  });

  test('costs nothing while it takes part in settling and holds that up, either', async () => {
    const { state, ask, arrive, isSettled } = await moving();
    state.settling = 503;
    assert.equal(await ask('POST'), '200 old');
    assert.deepEqual([await ask('GET'), await ask('POST'), await ask('GET')], ['200 old', '200 old', '200 old']);
    await arrive();
    assert.equal(await ask('GET'), '200 old', 'what it has is old');
    state.settling = 204;
    await until(isSettled, 'it has what it missed');
    assert.equal(await ask('GET'), '200 new');
  });

  test('that takes the writes keeps its reads at the other side, which has everything; writes get 503', async () => {
    const { mesh, ask, arrive, leave } = await moving();
    await arrive();
    mesh.mesh.shift('brands', { new: 100 }, by);
    assert.deepEqual([await ask('POST'), await ask('GET')], ['200 new', '200 new']);
    await leave();
    assert.equal(await ask('GET'), '200 old');
    assert.match(await ask('POST'), /^503/);
    assert.equal(await ask('GET'), '200 old', 'a write that was not sent leaves nothing to settle');
  });

  test('that comes and goes costs no read', async () => {
    const { ask, arrive, leave } = await moving();
    const replies = new Set<string>();
    let running = true;
    const readers = Array.from({ length: 4 }, async () => {
      while (running) replies.add(await ask('GET'));
    });
    for (let n = 0; n < 10; n += 1) {
      await arrive();
      assert.equal(await ask('GET'), '200 new');
      await leave();
      assert.equal(await ask('GET'), '200 old');
    }
    running = false;
    await Promise.all(readers);
    assert.deepEqual([...replies].sort(), ['200 new', '200 old']);
  });
});
