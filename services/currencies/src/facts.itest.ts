import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { factId } from '@banyan/kit/facts';
import { type FactsBroker, type FakeMesh, openFactsBroker, startFakeMesh, until } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

const token = 'a'.repeat(40);

describe('facts about currencies', () => {
  let mesh: FakeMesh;
  let facts: FactsBroker;
  let currencies: Instance;
  before(async () => {
    mesh = await startFakeMesh();
    const active = { active: true, client_id: 'tests', identifier: 'client_credentials', scope: '', exp: 2 ** 31 - 1 };
    mesh.services = { monolith: () => ({ status: 200, body: active }) };
    facts = await openFactsBroker();
    currencies = await startInstance(mesh.url, facts.env);
    await currencies.service.ready;
    await until('the first currency', () => facts.received.length === 1);
  });
  after(async () => {
    await currencies.close();
    await facts.drop();
    mesh.close();
  });
  beforeEach(() => {
    facts.received.length = 0;
  });

  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(currencies.service.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, text);
    return text === '' ? null : JSON.parse(text);
  };
  const received = (count: number) => until(`${count} facts`, () => facts.received.length >= count);

  test('a currency that is made, changed and deleted is told of, as the API shows it, with the trace', async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const made = await call('POST', '/v2/currencies', { data: { code: 'EUR', format: '{price}' } }, { traceparent });
    const { id } = made.data;
    const changed = await call('PUT', `/v2/currencies/${id}`, { data: { exchange_rate: 1.5 } });
    await call('DELETE', `/v2/currencies/${id}`);
    await received(3);
    assert.deepEqual(
      facts.received.map(({ type, aggregateId, state }) => ({ type, aggregateId, state })),
      [
        { type: 'currency.created', aggregateId: id, state: made },
        { type: 'currency.updated', aggregateId: id, state: changed },
        { type: 'currency.deleted', aggregateId: id, state: null },
      ],
    );
    assert.deepEqual(facts.received[0]?.trace, { traceparent });
    for (const { id: eventId, type, aggregateId, aggregateVersion } of facts.received) {
      assert.equal(eventId, factId(type, aggregateId, aggregateVersion));
    }
  });

  test('a default that moves is told of for both currencies, and for no other', async () => {
    await call('POST', '/v2/currencies', { data: { code: 'GBP', format: '{price}' } });
    const { data: first } = await call('POST', '/v2/currencies', { data: { code: 'CHF', format: '{price}' } });
    const [old] = (await call('GET', '/v2/currencies')).data.filter((one: { default: boolean }) => one.default);
    await received(2);
    facts.received.length = 0;
    await call('PUT', `/v2/currencies/${first.id}`, { data: { default: true } });
    await received(2);
    assert.deepEqual(
      new Map(facts.received.map(({ aggregateId, state }) => [aggregateId, (state as { data: unknown }).data])),
      new Map(
        (await call('GET', '/v2/currencies')).data
          .filter(({ id }: { id: string }) => id === old.id || id === first.id)
          .map((one: { id: string }) => [one.id, one]),
      ),
    );
  });
});
