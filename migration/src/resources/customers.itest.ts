import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { factId } from '@banyan/kit/facts';
import { digestOf, type State, versionOf } from '@banyan/kit/import';
import { attachedTo } from '../testing/attached.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { customers } from './customers.ts';

const key = 'token-key';

describe('customers in the monolith', () => {
  let monolith: TestMonolith;
  before(async () => {
    monolith = await createTestMonolith();
  });
  after(() => monolith?.drop());
  const attached = attachedTo(() => monolith, customers);
  const { follow, bringBack, noted, state, states, keys } = attached;
  beforeEach(attached.attach);
  afterEach(async () => {
    await attached.release();
    for (const table of ['customers', 'flows', 'shop_events', 'idempotency_keys']) {
      await monolith.query(`delete from ${table}`);
    }
  });

  const one = async (text: string, values: unknown[] = []) =>
    (await monolith.query<{ id: string }>(text, values))[0]?.id ?? '';
  const addCustomer = () =>
    one(`insert into customers (name, email, password_hash, created_at, updated_at)
      values ('é 😀', gen_random_uuid() || '@example.com', '$scrypt$', '2018-05-10 14:11:32.000123Z', now()) returning id`);
  const addAddress = (customer: string) =>
    one(
      `insert into addresses (customer_id, first_name, last_name, line_1, postcode, county, country)
       values ($1, 'A', 'B', '1', 'N1', 'C', 'GB') returning id`,
      [customer],
    );
  const addField = (slug: string) =>
    one(
      `with flow as (insert into flows (slug, name, description, enabled, created_at, updated_at)
         values ($1, '', '', true, now(), now()) returning id)
       insert into flow_fields (flow_id, slug, name, field_type, description, required, is_unique, enabled, position,
                                omit_null, validation_rules, created_at, updated_at)
       select id, 'note', '', 'string', '', false, false, true, 0, false, '[]', now(), now() from flow returning id`,
      [slug],
    );
  const setValue = (table: string, owner: string, field: string, value: unknown) =>
    monolith.query(`insert into ${table} (owner_id, field_id, value) values ($1, $2, $3)`, [
      ...[owner, field, JSON.stringify(value)],
    ]);
  const reply = (n: number, path: string, body: object) =>
    monolith.query(
      `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
       values (decode(repeat($1, 32), 'hex'), 'c', '', 'POST', $2, 'k', decode(repeat('bb', 32), 'hex'), 201, $3, now())`,
      [`0${n}`, path, JSON.stringify(body)],
    );
  const events = () =>
    monolith.query<{ id: string; key: string; entity_id: string; resources: { data?: Record<string, unknown> } }>(
      'select id, key, entity_id, resources from shop_events order by seq',
    );
  const stateOf = (change: object = {}): State => ({
    ...{ name: 'N', email: `${randomUUID()}@example.com`, password_hash: null, addresses: [] },
    ...{ created_at: '2018-05-10T14:11:32.000123Z', updated_at: '2018-05-10T14:11:32.999999Z', ...change },
  });
  const addressOf = (change: object = {}) => ({
    ...{ id: randomUUID(), name: '', first_name: 'é', last_name: 'L', company_name: '', phone_number: '', line_1: '1' },
    ...{ line_2: ' ', city: '', postcode: 'N1', county: 'C', country: 'GB', instructions: 'ring\ntwice' },
    ...{ created_at: '2018-05-10T14:11:32.000001Z', updated_at: '2018-05-10T14:11:33.000000Z', ...change },
  });

  test('a customer is one aggregate with addresses, values of fields and replies; each write of a part notes it', async () => {
    const id = await addCustomer();
    assert.deepEqual(await noted(), [id]);
    const address = await addAddress(id);
    const [field, value] = [randomUUID(), 'x'];
    for (const work of [
      () => setValue('customer_field_values', id, field, value),
      () => setValue('address_field_values', address, field, value),
      () => reply(1, '/v2/flows/customers/entries', { data: { id } }),
      () => reply(2, '/v2/flows/addresses/entries', { data: { id: address } }),
      () => reply(3, `/v2/customers/${id.toUpperCase()}/addresses`, { data: { id: address } }),
      () => monolith.query('update addresses set city = $1 where id = $2', ['X', address]),
    ]) {
      await work();
      assert.deepEqual(await noted(), [id]);
    }
    const { addresses, replies, fields, created_at, password_hash } = (await state(id)) as Record<string, unknown>;
    assert.deepEqual(
      [fields, created_at, password_hash],
      [{ [field]: 'x' }, '2018-05-10T14:11:32.000123Z', '$scrypt$'],
    );
    const [shown] = addresses as State[];
    assert.deepEqual([shown?.id, shown?.city, shown?.fields], [address, 'X', { [field]: 'x' }]);
    assert.deepEqual(
      (replies as State[]).map(({ hash }) => String(hash).slice(0, 2)),
      ['01', '02', '03'],
    );
    await reply(4, '/v2/products', { data: { id } });
    await reply(5, `/v2/customers/not-an-id/addresses`, { data: { id } });
    assert.deepEqual(await noted(), []);
    await monolith.query('delete from customers where id = $1', [id]);
    assert.deepEqual(await noted(), [id]);
    assert.equal(await state(id), undefined);
  });

  test('the key of the tokens is there from the start, as the last aggregate', async () => {
    const id = await addCustomer();
    assert.deepEqual(await keys(null, 10), [id, key]);
    assert.deepEqual(await keys(null, 1), [id]);
    assert.deepEqual(await keys(id, 10), [key]);
    assert.deepEqual(await keys(key, 10), []);
    const { signing_key } = (await state(key)) as { signing_key: string };
    assert.match(signing_key, /^[0-9a-f]{64}$/);
    assert.deepEqual(await monolith.query(customers.count), [{ count: 2 }]);
    assert.deepEqual([...(await states(id, key, randomUUID())).keys()], [id, key]);
  });

  test('customers come back as they went, to the microsecond, and are noted by none', async () => {
    const id = await addCustomer();
    await addAddress(id);
    await noted();
    await follow();
    const fields = { [randomUUID()]: 'é "x"' };
    const replies = [
      {
        ...{ hash: '0a'.repeat(32), client: 'c', customer: '', method: 'POST', path: '/v2/flows/customers/entries' },
        ...{ key: 'k', body_hash: 'bb'.repeat(32), status: 201, reply: JSON.stringify({ data: { id } }) },
        created_at: new Date().toISOString().replace('Z', '000Z'),
      },
    ];
    for (const given of [
      stateOf({ fields, password_hash: '$scrypt$x', addresses: [addressOf({ fields })], replies }),
      stateOf({ addresses: [addressOf()], replies }),
      stateOf({ replies }),
    ]) {
      assert.equal(await bringBack(id, given), 1);
      assert.equal(digestOf('', (await state(id)) ?? {}), digestOf('', given));
    }
    await bringBack(id, stateOf({ fields, addresses: [addressOf({ fields })] }));
    await bringBack(id, null);
    assert.equal(await state(id), undefined);
    for (const table of ['addresses', 'customer_field_values', 'address_field_values']) {
      assert.deepEqual(await monolith.query(`select * from ${table}`), [], table);
    }
    assert.equal(
      (await monolith.query('select from idempotency_keys')).length,
      1,
      'replies have a lifetime of their own',
    );
    assert.deepEqual(await noted(), []);
  });

  test('an e-mail address that another customer takes is set aside until its own change comes, in one batch too', async () => {
    const [id, other] = [await addCustomer(), await addCustomer()];
    const email = String((await state(id))?.email);
    await follow();
    await bringBack(other, stateOf({ email: email.toUpperCase() }));
    assert.deepEqual(await monolith.query(customers.displaced), [{ count: 1 }]);
    assert.equal((await state(id))?.email, `~${id}`);
    await bringBack(id, stateOf());
    assert.deepEqual(await monolith.query(customers.displaced), [{ count: 0 }]);
  });

  test('the key comes back, and a service without one takes none away', async () => {
    const before = await state(key);
    await follow();
    await assert.rejects(bringBack(key, null), /no key of customer tokens/);
    assert.deepEqual(await state(key), before);
    const other = { signing_key: 'ab'.repeat(32) };
    assert.equal(await bringBack(key, other), 1);
    assert.deepEqual(await state(key), other);
    assert.deepEqual(await events(), [], 'no one is told of a key');
  });

  test('what comes back is told to webhooks, customer and addresses each, with the fields that they have now', async () => {
    const [field, door] = [await addField('customers'), await addField('addresses')];
    const id = randomUUID();
    await follow();
    const [kept, gone] = [addressOf({ fields: { [door]: 'B' } }), addressOf()];
    const first = stateOf({ fields: { [field]: 'A' }, password_hash: '$scrypt$x', addresses: [kept, gone] });
    const version = versionOf(2, 1_000);
    await bringBack(id, first, version);
    const meta = {
      timestamps: { created_at: '2018-05-10T14:11:32.000Z', updated_at: '2018-05-10T14:11:32.999Z' },
    };
    const [made, ...others] = await events();
    assert.deepEqual(made, {
      ...{ id: factId('customer.created', id, version), key: 'customer.created', entity_id: id },
      resources: { data: { note: 'A', type: 'customer', id, name: 'N', email: first.email, password: true, meta } },
    });
    assert.deepEqual(
      others.map(({ key, entity_id, resources }) => [key, entity_id, resources.data?.note, resources.data?.links]),
      [kept, gone].map((one) => [
        ...['address.created', one.id, one === kept ? 'B' : null],
        { self: `http://shop.test/v2/customers/${id}/addresses/${one.id}` },
      ]),
    );
    assert.doesNotMatch(JSON.stringify([made, ...others]), /scrypt/);
    await monolith.query('delete from shop_events');
    const told = async () => (await events()).map((event) => `${event.key} ${event.entity_id}`);
    await bringBack(id, { ...first, addresses: [{ ...kept, city: 'Leeds' }] });
    assert.deepEqual(await told(), [`address.updated ${kept.id}`, `address.deleted ${gone.id}`]);
    await monolith.query('delete from shop_events');
    await bringBack(id, { ...first, name: 'Other', addresses: [{ ...kept, city: 'Leeds' }] });
    await bringBack(id, null);
    assert.deepEqual(await told(), [`customer.updated ${id}`, `customer.deleted ${id}`]);
  });

  test('are written by their owner only', async () => {
    const id = await addCustomer();
    const address = await addAddress(id);
    await follow();
    for (const text of [
      `update customers set name = 'x' where id = '${id}'`,
      `delete from addresses where id = '${address}'`,
      `delete from customers where id = '${id}'`,
      `update customer_token_key set key = '\\x00'`,
    ]) {
      await assert.rejects(monolith.query(text), { code: 'BN421' }, text);
    }
  });
});
