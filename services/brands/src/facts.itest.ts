import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { factId } from '@banyan/kit/facts';
import { type FactsBroker, type FakeMesh, openFactsBroker, startFakeMesh, until } from '@banyan/kit/testing';
import { Compile } from '@banyan/kit/typebox';
import { BrandFact } from './contract.ts';
import { type Instance, startInstance } from './testing.ts';

const token = 'a'.repeat(40);

describe('facts about brands', () => {
  let mesh: FakeMesh;
  let facts: FactsBroker;
  let brands: Instance;
  before(async () => {
    mesh = await startFakeMesh();
    const active = { active: true, client_id: 'tests', identifier: 'client_credentials', scope: '', exp: 2 ** 31 - 1 };
    mesh.services = {
      monolith: () => ({ status: 200, body: active }),
      products: () => ({ status: 200, body: { data: [] } }),
      flows: () => ({ status: 200, body: { data: { flow: null, fields: [] } } }),
    };
    facts = await openFactsBroker();
    brands = await startInstance(mesh.url, facts.env);
    await brands.service.ready;
  });
  after(async () => {
    await brands.close();
    await facts.drop();
    mesh.close();
  });
  beforeEach(() => {
    facts.received.length = 0;
  });

  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(brands.service.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, text);
    return text === '' ? null : JSON.parse(text);
  };
  const make = async (headers: Record<string, string> = {}) => {
    const data = { type: 'brand', name: 'N', slug: randomUUID() };
    return (await call('POST', '/v2/brands', { data }, headers)).data.id as string;
  };
  const received = (count: number) => until(`${count} facts`, () => facts.received.length >= count);
  const told = () => facts.received.map(({ type, aggregateId }) => `${type} ${aggregateId}`);

  test('a brand that is made, changed and deleted is told of, as the API shows it, with the trace and the deadline', async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const id = await make({ traceparent, 'x-request-timeout-ms': '60000' });
    const made = await call('GET', `/v2/brands/${id}`);
    await call('PUT', `/v2/brands/${id}`, { data: { name: 'Other', status: 'live' } });
    const changed = await call('GET', `/v2/brands/${id}`);
    await call('DELETE', `/v2/brands/${id}`);
    await received(3);
    const [first, second, third] = facts.received;
    assert.deepEqual(told(), [`brand.created ${id}`, `brand.updated ${id}`, `brand.deleted ${id}`]);
    assert.deepEqual([first?.state, second?.state, third?.state], [made, changed, null]);
    assert.ok(Compile(BrandFact).Check(first?.state));
    assert.deepEqual(first?.trace, { traceparent });
    assert.ok(Math.abs((first?.deadlineMs ?? 0) - Date.now() - 30_000) < 30_000);
    for (const { id: eventId, type, aggregateId, aggregateVersion } of facts.received) {
      assert.equal(eventId, factId(type, aggregateId, aggregateVersion));
    }
    assert.deepEqual(
      facts.received.map(({ aggregateVersion }) => aggregateVersion),
      facts.received.map(({ aggregateVersion }) => aggregateVersion).toSorted((a, b) => a - b),
    );
  });

  test('a change of the tree tells of each brand once, with its family as it is then', async () => {
    const [parent, child, other] = [await make(), await make(), await make()];
    await received(3);
    facts.received.length = 0;
    const children = { data: [child, other].map((id) => ({ type: 'brand', id })) };
    await call('PUT', `/v2/brands/${parent}/relationships/children`, children);
    await received(3);
    assert.deepEqual(new Set(told()), new Set([parent, child, other].map((id) => `brand.updated ${id}`)));
    for (const { aggregateId, state } of facts.received) {
      assert.deepEqual(state, await call('GET', `/v2/brands/${aggregateId}`));
    }
    facts.received.length = 0;
    await call('DELETE', `/v2/brands/${parent}`);
    await received(3);
    assert.deepEqual(
      new Set(told()),
      new Set([`brand.deleted ${parent}`, `brand.updated ${child}`, `brand.updated ${other}`]),
    );
  });

  test('a write that fails tells nothing', async () => {
    const id = await make();
    const { slug } = (await call('GET', `/v2/brands/${id}`)).data;
    await assert.rejects(call('POST', '/v2/brands', { data: { type: 'brand', name: 'Twin', slug } }));
    await call('PUT', `/v2/brands/${id}`, { data: { name: 'Last' } });
    await received(2);
    assert.deepEqual(told(), [`brand.created ${id}`, `brand.updated ${id}`]);
  });
});
