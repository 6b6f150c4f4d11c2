import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { digestOf, type State, versionOf } from '@banyan/kit/import';
import type { SlowFunction } from '@banyan/kit/secrets';
import {
  callerOf,
  describeImportPaths,
  type FakeMesh,
  migrationToken,
  moverOf,
  startFakeMesh,
  testTokens,
  tokenIssuer,
} from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';
import { tokenKey } from './token-key.ts';

const microMoment = () => new Date().toISOString().replace('Z', '789Z');

describe('moving customers to the service and back', () => {
  let mesh: FakeMesh;
  let instance: Instance;
  let hashes = 0;
  before(async () => {
    const noFlow = () => ({ status: 200, body: { data: { flow: null, fields: [] } } });
    mesh = await startFakeMesh({ monolith: tokenIssuer, flows: noFlow });
    const compute: SlowFunction = async (_secret, _salt, length) => {
      hashes += 1;
      return Buffer.alloc(length);
    };
    instance = await startInstance(mesh.url, { MIGRATION_TOKEN: migrationToken }, { compute });
    await instance.service.ready;
  });
  after(async () => {
    await instance.close();
    mesh.close();
  });

  const mover = moverOf(() => instance.service.url, 'customers');
  const { bring, digest } = mover;
  const admin = callerOf(() => instance.service.url, `Bearer ${testTokens.admin}`);

  const stateOf = (change: object = {}): State => ({
    ...{ name: 'Déjà vu 😀 ', email: `${randomUUID()}@example.com`, password_hash: null, addresses: [] },
    ...{ created_at: '2018-05-10T14:11:32.000123Z', updated_at: '2018-05-10T14:11:32.999999Z', ...change },
  });
  const addressOf = (change: object = {}) => ({
    ...{ id: randomUUID(), name: '', first_name: 'é', last_name: 'L', company_name: '', phone_number: '', line_1: '1' },
    ...{ line_2: ' ', city: '', postcode: 'N1', county: 'C', country: 'GB', instructions: 'ring\ntwice' },
    ...{ created_at: '2018-05-10T14:11:32.000001Z', updated_at: '2018-05-10T14:11:33.000000Z', ...change },
  });
  const sorted = (...addresses: { id: string }[]) => addresses.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const replyOf = (n: number, change: object = {}) => ({
    ...{ hash: `${n}`.repeat(64), client: 'c', customer: '', method: 'POST', path: '/v2/flows/customers/entries' },
    ...{ key: 'k', body_hash: 'b'.repeat(64), status: 201, reply: '{"data":{"é":"x"}}', created_at: microMoment() },
    ...change,
  });

  test('a customer has the digest of its state, addresses, fields and password included, to the microsecond', async () => {
    const id = randomUUID();
    const password_hash = `$scrypt$ln=16,r=8,p=2$${'A'.repeat(22)}==$${'B'.repeat(43)}=`;
    const fields = { [randomUUID()]: 'é "x"', [randomUUID()]: [{ id: 'a' }] };
    for (const given of [
      stateOf({ password_hash, fields, addresses: sorted(addressOf(), addressOf({ fields })) }),
      stateOf({ addresses: [addressOf()] }),
      stateOf(),
    ]) {
      assert.deepEqual(await bring(id, given), { key: id, outcome: 'applied' });
      assert.equal(await digest(id), digestOf(id, given));
    }
    await bring(id, stateOf({ addresses: [addressOf()] }));
    await bring(id, null);
    assert.equal(await digest(id), undefined);
    const left = await instance.database.query(`select id from addresses where customer_id = '${id}'`);
    assert.deepEqual(left, []);
  });

  test('the key of the tokens is one more aggregate, the last one', async () => {
    const [id, key] = [randomUUID(), { signing_key: 'ab'.repeat(32) }];
    await bring(id, stateOf());
    assert.equal(await digest(tokenKey), undefined);
    assert.equal((await bring(tokenKey, key)).outcome, 'applied');
    assert.equal(await digest(tokenKey), digestOf(tokenKey, key));
    const keys = (await mover.digests({})).map((one) => one.key);
    assert.deepEqual([keys.includes(id), keys.at(-1)], [true, tokenKey]);
    assert.deepEqual(
      (await mover.digests({ after: 'g' })).map((one) => one.key),
      [tokenKey],
    );
    assert.ok((await mover.digests({ to: 'g' })).every((one) => one.key !== tokenKey));
    assert.equal((await bring(tokenKey, { signing_key: 'cd'.repeat(32) })).outcome, 'applied');
    assert.deepEqual(await instance.database.query('select lower(hex(signing_key)) as k from token_key'), [
      { k: 'cd'.repeat(32) },
    ]);
    const { outcome, reason = '' } = await bring(tokenKey, { signing_key: 'abcd' });
    assert.deepEqual([outcome, reason.includes('abcd')], ['refused', false]);
  });

  test('an e-mail address that another customer takes is set aside until its own change comes', async () => {
    const [one, two, email] = [randomUUID(), randomUUID(), `${randomUUID()}@example.com`];
    await bring(one, stateOf({ email }));
    await bring(two, stateOf({ email: email.toUpperCase() }));
    assert.equal(await mover.displaced(), 1);
    const given = stateOf();
    await bring(one, given);
    assert.equal(await mover.displaced(), 0);
    assert.equal(await digest(one), digestOf(one, given));
  });

  test('replies move with the customer; one that shows an address that is gone stays', async () => {
    const [id, kept] = [randomUUID(), addressOf()];
    const ofAddress = (n: number, address: string) =>
      replyOf(n, { path: '/v2/flows/addresses/entries', reply: JSON.stringify({ data: { id: address } }) });
    const replies = [replyOf(1), ofAddress(2, kept.id), replyOf(3, { path: `/v2/customers/${id}/addresses` })];
    const given = stateOf({ addresses: [kept], replies });
    await bring(id, given);
    assert.equal(await digest(id), digestOf(id, given));
    const without = { ...given, addresses: [], replies: [replies[0], replies[2]] };
    await bring(id, { ...given, addresses: [] });
    assert.equal(await digest(id), digestOf(id, without as unknown as State));
    await bring(id, null);
    assert.equal((await instance.database.query('select hash from keyed_replies')).length, 3, 'each has its lifetime');
  });

  for (const [what, change] of Object.entries({
    'a name that is too long': { name: 'secret'.repeat(50) },
    'no e-mail address': { email: '' },
    'a password in clear': { password_hash: 'correct horse' },
    'a time without microseconds': { updated_at: '2018-05-10T14:11:32Z' },
    'no addresses': { addresses: undefined },
    'an address without a city': { addresses: [addressOf({ city: undefined })] },
    'an address with a long line': { addresses: [addressOf({ line_1: 'x'.repeat(256) })] },
    'a field without an id': { fields: { x: 1 } },
    'an empty list of replies': { replies: [] },
  })) {
    test(`${what} is refused, without a value, and changes nothing`, async () => {
      const [id, before] = [randomUUID(), stateOf()];
      await bring(id, before);
      const { outcome, reason = '' } = await bring(id, stateOf(change));
      assert.equal(outcome, 'refused');
      assert.ok(reason.includes(Object.keys(change)[0] ?? ''), reason);
      assert.doesNotMatch(reason, /secret|horse|xxx|2018/);
      assert.equal(await digest(id), digestOf(id, before));
    });
  }

  test('what is older than what is there is left out', async () => {
    const [id, newest] = [randomUUID(), stateOf()];
    await bring(id, newest, versionOf(0, 1_000));
    assert.equal((await bring(id, stateOf(), versionOf(0, 999))).outcome, 'older');
    assert.equal(await digest(id), digestOf(id, newest));
  });

  test('a service that follows refuses its own writes as misdirected, before it hashes a password, and serves reads', async () => {
    const [id, given] = [randomUUID(), stateOf()];
    await bring(id, given);
    const data = { type: 'customer', name: 'N', email: 'a@b', password: 'x' };
    for (const [method, path, body] of [
      ['POST', '/v2/customers', { data }],
      ['POST', '/v2/customers', { data: { ...data, password: undefined } }],
      ['PUT', `/v2/customers/${id}`, { data: { name: 'New' } }],
      ['PUT', `/v2/customers/${id}`, { data: { password: 'New' } }],
      ['DELETE', `/v2/customers/${id}`, undefined],
    ] as const) {
      assert.equal((await admin(method, path, body)).status, 421, method);
    }
    assert.equal(hashes, 0);
    assert.equal((await admin('GET', `/v2/customers/${id}`)).body.data.email, given.email);
  });

  test('what the service writes as the owner goes back whole, and once', async () => {
    await mover.switchHere();
    try {
      const data = { type: 'customer', name: 'N', email: `${randomUUID()}@example.com` };
      const { id } = (await admin('POST', '/v2/customers', { data })).body.data;
      const { id: _, created_at, updated_at, ...members } = addressOf();
      const path = `/v2/customers/${id}/addresses`;
      const body = { data: { ...members, type: 'address', line_2: 'x', city: 'y' } };
      const key = { 'idempotency-key': 'k' };
      const made = (await admin('POST', path, body, key)).body.data;
      await admin('PUT', `${path}/${made.id}`, { data: { city: 'London' } });
      const changes = await mover.changes();
      assert.deepEqual(
        changes.map((change) => change.key),
        [id],
      );
      const [{ state } = { state: null }] = changes as { state: State }[];
      const [address] = (state?.addresses ?? []) as State[];
      assert.deepEqual([state?.email, address?.id, address?.city], [data.email, made.id, 'London']);
      assert.deepEqual(
        ((state?.replies ?? []) as State[]).map((reply) => [reply.path, reply.status]),
        [[path, 201]],
      );
      await mover.acknowledge(changes);
      await admin('DELETE', `/v2/customers/${id}`);
      const gone = await mover.changes();
      assert.deepEqual(
        gone.map((change) => [change.key, change.state]),
        [[id, null]],
      );
      await mover.acknowledge(gone);
      assert.deepEqual(await mover.changes(), []);
    } finally {
      await mover.followAgain();
    }
  });
});

describeImportPaths('customers', (env) => startInstance('http://127.0.0.1:9', env));
