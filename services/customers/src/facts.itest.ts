import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { factId } from '@banyan/kit/facts';
import {
  callerOf,
  type FactsBroker,
  type FakeMesh,
  openFactsBroker,
  startFakeMesh,
  testTokens,
  tokenIssuer,
  until,
} from '@banyan/kit/testing';
import { Compile } from '@banyan/kit/typebox';
import { AddressFact, CustomerFact } from './contract.ts';
import { type Instance, startInstance } from './testing.ts';

const address = {
  ...{ type: 'address', first_name: 'Ada', last_name: 'Byron', line_1: '1 Row', postcode: 'N1', county: 'London' },
  country: 'GB',
};

describe('facts about customers and addresses', () => {
  let mesh: FakeMesh;
  let facts: FactsBroker;
  let customers: Instance;
  before(async () => {
    const flows = () => ({ status: 200, body: { data: { flow: null, fields: [] } } });
    mesh = await startFakeMesh({ monolith: tokenIssuer, flows });
    facts = await openFactsBroker();
    customers = await startInstance(mesh.url, facts.env);
    await customers.service.ready;
  });
  after(async () => {
    await customers.close();
    await facts.drop();
    mesh.close();
  });
  beforeEach(() => {
    facts.received.length = 0;
  });

  const admin = callerOf(() => customers.service.url, `Bearer ${testTokens.admin}`);
  const made = async (members: object = {}, headers: Record<string, string> = {}) => {
    const data = { type: 'customer', name: 'N', email: `${randomUUID()}@example.com`, ...members };
    return (await admin('POST', '/v2/customers', { data }, headers)).body.data;
  };
  const received = (count: number) => until(`${count} facts`, () => facts.received.length >= count);

  test('each change is told once, as the API shows it, with the trace and the deadline of its request', async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const first = await made({}, { traceparent, 'x-request-timeout-ms': '60000' });
    const path = `/v2/customers/${first.id}`;
    const changed = (await admin('PUT', path, { data: { name: 'Other', password: 'secret word' } })).body.data;
    const one = (await admin('POST', `${path}/addresses`, { data: address })).body.data;
    const other = (await admin('PUT', `${path}/addresses/${one.id}`, { data: { city: 'Leeds' } })).body.data;
    await admin('DELETE', `${path}/addresses/${one.id}`);
    await admin('POST', `${path}/addresses`, { data: address });
    await admin('DELETE', path);
    await received(7);
    const told = facts.received.map(({ type, aggregateId, state }) => [type, aggregateId, state]);
    assert.deepEqual(told.toSpliced(5, 1), [
      ['customer.created', first.id, { data: first }],
      ['customer.updated', first.id, { data: changed }],
      ['address.created', one.id, { data: one }],
      ['address.updated', one.id, { data: other }],
      ['address.deleted', one.id, null],
      ['customer.deleted', first.id, null],
    ]);
    assert.deepEqual([first.password, changed.password], [false, true]);
    const [created, updated, atAddress] = facts.received;
    assert.equal(created?.trace?.traceparent?.slice(3, 35), '1'.repeat(32));
    assert.ok(created?.deadlineMs !== undefined);
    assert.equal(updated?.id, factId('customer.updated', first.id, updated?.aggregateVersion ?? 0));
    const versions = facts.received.map(({ aggregateVersion }) => aggregateVersion);
    assert.deepEqual(
      versions,
      versions.toSorted((a, b) => a - b),
      'a customer and the addresses have one row of versions',
    );
    assert.ok(Compile(CustomerFact).Check(created?.state));
    assert.ok(Compile(AddressFact).Check(atAddress?.state));
    assert.doesNotMatch(JSON.stringify(facts.received), /secret word|scrypt/);
  });

  test('a change that is refused is not told', async () => {
    const { id, email } = await made();
    await made();
    await received(2);
    assert.equal((await admin('POST', '/v2/customers', { data: { type: 'customer', name: 'N', email } })).status, 422);
    assert.equal((await admin('PUT', `/v2/customers/${id}`, { data: { email: 'x' } })).status, 422);
    await admin('DELETE', `/v2/customers/${id}`);
    await received(3);
    assert.equal(facts.received.at(-1)?.type, 'customer.deleted');
    assert.equal(facts.received.length, 3);
  });
});
