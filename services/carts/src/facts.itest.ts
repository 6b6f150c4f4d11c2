import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { factId } from '@banyan/kit/facts';
import { type FactsBroker, type FakeMesh, openFactsBroker, startFakeMesh, until } from '@banyan/kit/testing';
import { Compile } from '@banyan/kit/typebox';
import { CartFact } from './contract.ts';
import { type Instance, startInstance } from './testing.ts';

const token = 'a'.repeat(40);
const isCartFact = Compile(CartFact);

describe('facts about carts', () => {
  let mesh: FakeMesh;
  let facts: FactsBroker;
  let carts: Instance;
  before(async () => {
    const active = { active: true, client_id: 'tests', identifier: 'client_credentials', scope: '', exp: 2 ** 31 - 1 };
    const usd = { code: 'USD', format: '{price}', decimal_point: '.', thousand_separator: ',', decimal_places: 2 };
    mesh = await startFakeMesh({
      monolith: () => ({ status: 200, body: active }),
      currencies: () => ({ status: 200, body: { data: [{ ...usd, enabled: true, default: true }] } }),
      flows: () => ({ status: 200, body: { data: { flow: null, fields: [] } } }),
      promotions: () => ({ status: 200, body: { data: [] } }),
    });
    facts = await openFactsBroker();
    carts = await startInstance(mesh.url, facts.env);
    await carts.service.ready;
  });
  after(async () => {
    await carts.close();
    await facts.drop();
    mesh.close();
  });
  beforeEach(() => {
    facts.received.length = 0;
  });

  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(carts.service.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  };
  const custom = { data: { type: 'custom_item', name: 'N', sku: 'a', price: { amount: 1_000 } } };
  const received = (count: number) => until(`${count} facts`, () => facts.received.length >= count);

  test('each change of a cart is told of once, as the API shows the cart, with the trace', async () => {
    const id = randomUUID();
    const cart = `/v2/carts/${id}`;
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const keyed = { traceparent, 'idempotency-key': randomUUID() };
    await call('POST', `${cart}/items`, custom, keyed);
    const first = (await call('GET', `${cart}?include=items`)).body;
    await call('POST', `${cart}/items`, custom, keyed);
    const [line] = first.included.items;
    await call('POST', `${cart}/items/${line.id}/taxes`, { data: { type: 'tax_item', rate: 0.1 } });
    const taxed = (await call('GET', `${cart}?include=items`)).body;
    await call('DELETE', `${cart}/items`);
    const emptied = (await call('GET', cart)).body;
    assert.equal((await call('DELETE', cart)).status, 204);
    assert.equal((await call('DELETE', cart)).status, 204, 'there is none any more');
    await received(4);
    assert.deepEqual(
      facts.received.map(({ type, aggregateId, state }) => ({ type, aggregateId, state })),
      [
        { type: 'cart.updated', aggregateId: id, state: first },
        { type: 'cart.updated', aggregateId: id, state: taxed },
        { type: 'cart.updated', aggregateId: id, state: emptied },
        { type: 'cart.deleted', aggregateId: id, state: null },
      ],
    );
    assert.deepEqual(facts.received[0]?.trace, { traceparent });
    const versions = facts.received.map(({ aggregateVersion }) => aggregateVersion);
    assert.deepEqual(
      versions,
      [...new Set(versions)].sort((a, b) => a - b),
      'later changes have larger versions',
    );
    for (const { id: eventId, type, aggregateId, aggregateVersion, state } of facts.received) {
      assert.equal(eventId, factId(type, aggregateId, aggregateVersion));
      if (state !== null) assert.ok(isCartFact.Check(state));
    }
  });

  test('a refused request tells of nothing', async () => {
    const cart = `/v2/carts/${randomUUID()}`;
    const refused = { data: { type: 'promotion_item', code: 'NONE' } };
    assert.equal((await call('POST', `${cart}/items`, refused, { 'idempotency-key': randomUUID() })).status, 404);
    assert.equal((await call('PUT', `${cart}/items/${randomUUID()}`, { data: { quantity: 1 } })).status, 404);
    await call('POST', `${cart}/items`, custom);
    await received(1);
    assert.deepEqual(
      facts.received.map(({ type }) => type),
      ['cart.updated'],
    );
  });
});
