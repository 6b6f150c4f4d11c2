import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { digestOf, type State } from '@banyan/kit/import';
import { attachedTo } from '../testing/attached.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { flows } from './flows.ts';

describe('flows and entries in the monolith', () => {
  let monolith: TestMonolith;
  before(async () => {
    monolith = await createTestMonolith();
  });
  after(() => monolith?.drop());
  const attached = attachedTo(() => monolith, flows);
  beforeEach(attached.attach);
  afterEach(async () => {
    await attached.release();
    for (const table of ['flows', 'idempotency_keys', 'deleted_entities', 'brands']) {
      await monolith.query(`delete from ${table}`);
    }
  });
  const { follow, noted, bringBack } = attached;
  const one = async (text: string, values: unknown[] = []) =>
    (await monolith.query<{ id: string }>(`${text} returning id`, values))[0]?.id ?? '';
  const addFlow = (slug = `s${randomUUID()}`) =>
    one(
      `insert into flows (slug, name, description, enabled, created_at, updated_at)
       values ($1, 'déjà vu 😀 ', '', true, now(), now())`,
      [slug],
    );
  const addField = (flow: string, slug = 'x', fallback: string | null = null) =>
    one(
      `insert into flow_fields (flow_id, slug, name, field_type, description, required, is_unique, default_value, enabled,
         position, omit_null, validation_rules, created_at, updated_at)
       values ($1, $2, '', 'float', '', false, false, $3, true, 3, true, $4, now(), now())`,
      [flow, slug, fallback, '[{"type": "between", "options": {"to": 2, "from": 1.5}}]'],
    );
  const addEntry = (flow: string) =>
    one('insert into flow_entries (flow_id, created_at, updated_at) values ($1, now(), now())', [flow]);
  const setValue = (entry: string, field: string, value: unknown) =>
    monolith.query('insert into flow_entry_values (owner_id, field_id, value) values ($1, $2, $3)', [
      ...[entry, field, JSON.stringify(value)],
    ]);
  const state = async (key: string) => JSON.parse(JSON.stringify(await attached.state(key))) as State;
  const count = async (table: string) => (await monolith.query(`select from ${table}`)).length;

  test('a write notes the flow or the entry that it changes, and a deleted flow all of its entries', async () => {
    const flow = await addFlow();
    const field = await addField(flow);
    const entry = await addEntry(flow);
    assert.deepEqual(await noted(), [`entry:${entry}`, `flow:${flow}`]);
    await setValue(entry, field, 1.5);
    assert.deepEqual(await noted(), [`entry:${entry}`]);
    await monolith.query('update flow_fields set position = 4 where id = $1', [field]);
    assert.deepEqual(await noted(), [`flow:${flow}`]);
    await monolith.query('delete from flow_entry_values');
    await monolith.query('delete from flow_fields');
    assert.deepEqual(await noted(), [`entry:${entry}`, `flow:${flow}`]);
    await monolith.query('delete from flows');
    assert.deepEqual(await noted(), [`entry:${entry}`, `flow:${flow}`]);
    assert.deepEqual(await attached.states(`entry:${entry}`, `flow:${flow}`), new Map());
  });

  test('keys are in bytewise order, entries before flows', async () => {
    const [a, b] = [await addFlow(), await addFlow()];
    const [x, y] = [await addEntry(a), await addEntry(b)];
    const all = [`entry:${x}`, `entry:${y}`, `flow:${a}`, `flow:${b}`].sort();
    const walked: string[] = [];
    for (let after: string | null = null; ; ) {
      const [next]: string[] = await attached.keys(after, 1);
      if (next === undefined) break;
      walked.push(next);
      after = next;
    }
    assert.deepEqual(walked, all);
    assert.deepEqual(await attached.keys(all[1] ?? null, 10), all.slice(2));
    assert.deepEqual(await monolith.query(flows.count), [{ count: 4 }]);
  });

  test('come back as they went, and are replaced and deleted as a whole', async () => {
    const flow = await addFlow();
    const [field, other] = [await addField(flow), await addField(flow, 'y', '1.75')];
    const entry = await addEntry(flow);
    for (const value of [5e-324, 'é \u{1f600} "', [{ id: 'a', type: 'b' }]]) await setValue(entry, randomUUID(), value);
    const keys = [`flow:${flow}`, `entry:${entry}`] as const;
    const given = [await state(keys[0]), await state(keys[1])] as const;
    assert.deepEqual((given[0].fields as { id: string }[]).map(({ id }) => id).sort(), [field, other].sort());
    await follow();
    for (const [index, key] of keys.entries()) {
      await bringBack(key, given[index] ?? null);
      assert.equal(digestOf(key, await state(key)), digestOf(key, given[index] ?? {}));
    }
    const fewer = { ...given[0], enabled: false, fields: (given[0].fields as object[]).slice(1) };
    await bringBack(keys[0], fewer);
    assert.equal(digestOf(keys[0], await state(keys[0])), digestOf(keys[0], fewer));
    const { values: _, ...without } = given[1];
    await bringBack(keys[1], without);
    assert.equal(digestOf(keys[1], await state(keys[1])), digestOf(keys[1], without));
    await bringBack(keys[1], given[1]);
    await bringBack(keys[1], null);
    await bringBack(keys[0], null);
    for (const table of ['flows', 'flow_fields', 'flow_entries', 'flow_entry_values'])
      assert.equal(await count(table), 0);
  });

  test('two flows swap their slugs, one after the other', async () => {
    const [a, b] = [await addFlow('red'), await addFlow('blue')];
    const [red, blue] = [await state(`flow:${a}`), await state(`flow:${b}`)];
    await follow();
    await bringBack(`flow:${a}`, { ...red, slug: 'blue' });
    assert.deepEqual(await monolith.query(flows.displaced ?? ''), [{ count: 1 }]);
    await bringBack(`flow:${b}`, { ...blue, slug: 'red' });
    assert.deepEqual(await monolith.query(flows.displaced ?? ''), [{ count: 0 }]);
    assert.equal((await state(`flow:${a}`)).slug, 'blue');
  });

  test('fields of core entities that are gone are noted, so that their owner deletes the values', async () => {
    const [brands, books] = [await addFlow('brands'), await addFlow('books')];
    const [kept, gone] = [await addField(brands, 'kept'), await addField(brands, 'gone')];
    await addField(books);
    const given = await state(`flow:${brands}`);
    await follow();
    const notes = async () =>
      (
        await monolith.query<{ kind: string; key: string }>(
          'select kind, key from deleted_entities order by created_at',
        )
      ).map(({ kind, key }) => [kind, key]);
    const left = (given.fields as { id: string }[]).filter(({ id }) => id === kept);
    await bringBack(`flow:${brands}`, { ...given, fields: left });
    assert.deepEqual(await notes(), [['field in brand_field_values', gone]]);
    await bringBack(`flow:${books}`, null);
    assert.equal((await notes()).length, 1, 'values of entries travel with them');
    await bringBack(`flow:${brands}`, null);
    assert.deepEqual((await notes()).at(-1), ['field in brand_field_values', kept]);
  });

  test('travel with the replies to the keyed requests that made them, under either name of the flow', async () => {
    const flow = await addFlow('books');
    const entry = await addEntry(flow);
    const keyed = (path: string, reply: object, at = 'now()') =>
      monolith.query(
        `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
         values (sha256($1::bytea), 'c', '', 'POST', $2, 'k', sha256('b'), 201, $3, ${at})`,
        [randomUUID(), path, JSON.stringify(reply)],
      );
    await noted();
    await keyed('/v2/flows/products/entries', { data: { id: entry } });
    await keyed('/v2/flows/cart_items/entries', { data: { id: 'no id of an entry' } });
    await keyed('/v2/jobs', { data: { id: entry } });
    await keyed('/v2/flows/books/entries', { errors: [{ status: 409 }] });
    assert.deepEqual(await noted(), []);
    assert.equal('replies' in (await state(`entry:${entry}`)), false);
    await keyed('/v2/flows/books/entries', { data: { id: entry, é: '😀' } });
    await keyed(`/v2/flows/${flow}/entries`, { data: { id: entry } });
    await keyed('/v2/flows/books/entries', { data: { id: entry } }, "now() - interval '25 hours'");
    assert.deepEqual(await noted(), [`entry:${entry}`]);
    const given = await state(`entry:${entry}`);
    assert.equal((given.replies as object[]).length, 2);
    await follow();
    await monolith.query('delete from idempotency_keys');
    await bringBack(`entry:${entry}`, given);
    await bringBack(`entry:${entry}`, given);
    assert.equal(digestOf('x', await state(`entry:${entry}`)), digestOf('x', given));
    await bringBack(`entry:${entry}`, null);
    assert.equal(await count('idempotency_keys'), 2, 'each reply has a lifetime of its own');
  });

  test('are written by their owner only', async () => {
    const flow = await addFlow();
    const field = await addField(flow);
    const entry = await addEntry(flow);
    await setValue(entry, field, 1);
    await follow();
    for (const write of [
      ...['delete from flows', "update flows set name = 'x'", 'delete from flow_fields', 'delete from flow_entries'],
      ...['update flow_fields set position = 1', "update flow_entry_values set value = '2'"],
    ]) {
      await assert.rejects(monolith.query(write), { code: 'BN421' }, write);
    }
    await assert.rejects(addEntry(flow), { code: 'BN421' });
    // Writers of entities lock the field of a unique value, which is no write of it.
    await monolith.query('select from flow_fields for no key update');
  });
});
