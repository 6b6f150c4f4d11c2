import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { factId } from '@banyan/kit/facts';
import { type FactsBroker, type FakeMesh, openFactsBroker, startFakeMesh, until } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

const token = 'a'.repeat(40);

describe('facts about the settings', () => {
  let mesh: FakeMesh;
  let facts: FactsBroker;
  let settings: Instance;
  before(async () => {
    mesh = await startFakeMesh();
    const active = { active: true, client_id: 'tests', identifier: 'client_credentials', scope: '', exp: 2 ** 31 - 1 };
    mesh.services = { monolith: () => ({ status: 200, body: active }) };
    facts = await openFactsBroker();
    settings = await startInstance(mesh.url, facts.env);
    await settings.service.ready;
  });
  after(async () => {
    await settings.close();
    await facts.drop();
    mesh.close();
  });

  const put = async (data: object, headers: Record<string, string> = {}) => {
    const response = await fetch(`${settings.service.url}/v2/settings`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ data }),
    });
    return { status: response.status, body: await response.json() };
  };

  test('each accepted change is told of, as the API shows it, with the trace; the start and a refusal are not', async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const changed = await put({ page_length: 5 }, { traceparent });
    assert.equal((await put({ page_length: 0 })).status, 422);
    const same = await put({ page_length: 5 });
    await until('two facts', () => facts.received.length >= 2);
    assert.deepEqual(
      facts.received.map(({ type, aggregateId, state }) => ({ type, aggregateId, state })),
      [changed, same].map(({ body }) => ({ type: 'settings.updated', aggregateId: 'settings', state: body })),
    );
    assert.deepEqual(facts.received[0]?.trace, { traceparent });
    for (const { id, type, aggregateId, aggregateVersion } of facts.received) {
      assert.equal(id, factId(type, aggregateId, aggregateVersion));
    }
  });
});
