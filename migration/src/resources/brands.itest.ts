import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { digestOf, type State } from '@banyan/kit/import';
import { attachedTo } from '../testing/attached.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { brands } from './brands.ts';

describe('values of fields of brands in the monolith', () => {
  let monolith: TestMonolith;
  before(async () => {
    monolith = await createTestMonolith();
  });
  after(() => monolith?.drop());
  const attached = attachedTo(() => monolith, brands);
  beforeEach(attached.attach);
  afterEach(async () => {
    await attached.release();
    await monolith.query('delete from brands');
    await monolith.query('delete from flows');
    await monolith.query('delete from idempotency_keys');
  });

  const addBrand = async (): Promise<string> => {
    const [row] = await monolith.query<{ id: string }>(
      `insert into brands (name, slug, status) values ('B', gen_random_uuid()::text, 'live') returning id`,
    );
    return row?.id ?? '';
  };
  const addField = async (): Promise<string> => {
    const [row] = await monolith.query<{ id: string }>(
      `with flow as (insert into flows (slug, name, description, enabled, created_at, updated_at)
         values (gen_random_uuid()::text, '', '', true, now(), now()) returning id)
       insert into flow_fields (flow_id, slug, name, field_type, description, required, is_unique, enabled, position,
                                omit_null, validation_rules, created_at, updated_at)
       select id, 'x', '', 'float', '', false, false, true, 0, false, '[]', now(), now() from flow returning id`,
    );
    return row?.id ?? '';
  };
  const setValue = (brand: string, field: string, value: unknown) =>
    monolith.query('insert into brand_field_values (owner_id, field_id, value) values ($1, $2, $3)', [
      ...[brand, field, JSON.stringify(value)],
    ]);
  const state = async (id: string): Promise<State> => (await attached.state(id)) ?? {};
  const values = (id: string) =>
    monolith.query<{ field_id: string; value: unknown }>(
      'select field_id, value from brand_field_values where owner_id = $1',
      [id],
    );
  const { follow } = attached;
  const apply = attached.bringBack;

  test('are part of the brand: a write of one notes the brand, and no value is no member', async () => {
    const [id, field] = [await addBrand(), randomUUID()];
    assert.equal('fields' in (await state(id)), false);
    await monolith.query('delete from migration.notes');
    await setValue(id, field, 1.5);
    await monolith.query('update brand_field_values set value = $1 where owner_id = $2', ['2', id]);
    assert.deepEqual((await state(id)).fields, { [field]: 2 });
    await monolith.query('delete from brand_field_values where owner_id = $1', [id]);
    const notes = await monolith.query('select key from migration.notes');
    assert.deepEqual(notes, Array(3).fill({ key: id }));
  });

  test('come back as they went, and go with their brand', async () => {
    const id = await addBrand();
    for (const value of [
      5e-324,
      1.7976931348623157e308,
      'é \u{1f600} "',
      false,
      [{ id: 'a', type: 'b' }],
      { id: 'a' },
    ]) {
      await setValue(id, randomUUID(), value);
    }
    const given = JSON.parse(JSON.stringify(await state(id)));
    await follow();
    await apply(id, given);
    assert.equal(digestOf(id, await state(id)), digestOf(id, given));
    const [[first = '']] = [Object.keys(given.fields)];
    await apply(id, { ...given, fields: { [first]: 'changed' } });
    assert.deepEqual(await values(id), [{ field_id: first, value: 'changed' }]);
    const { fields: _, ...without } = given;
    await apply(id, without);
    assert.deepEqual(await values(id), []);
    await apply(id, given);
    await apply(id, null);
    assert.deepEqual(await values(id), []);
  });

  test('travel with the replies to keyed requests that set them, for a day, and to no other request', async () => {
    const id = await addBrand();
    const keyed = (path: string, reply: object, at = 'now()') =>
      monolith.query(
        `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
         values (sha256($1::bytea), 'c', '', 'POST', $2, 'k', sha256('b'), 201, $3, ${at})`,
        [randomUUID(), path, JSON.stringify(reply)],
      );
    const path = '/v2/flows/brands/entries';
    await monolith.query('delete from migration.notes');
    await keyed('/v2/flows/customers/entries', { data: { id } });
    await keyed(path, { errors: [{ status: 409 }] });
    assert.deepEqual(await monolith.query('select key from migration.notes'), []);
    assert.equal('replies' in (await state(id)), false);
    await keyed(path, { data: { id, é: '😀' } });
    await keyed(path, { data: { id } }, "now() - interval '25 hours'");
    assert.deepEqual(await monolith.query('select distinct key from migration.notes'), [{ key: id }]);
    const given = JSON.parse(JSON.stringify(await state(id)));
    assert.deepEqual(
      given.replies.map((reply: { reply: string }) => reply.reply),
      [JSON.stringify({ data: { id, é: '😀' } })],
    );
    await follow();
    await monolith.query('delete from idempotency_keys');
    await apply(id, given);
    await apply(id, given);
    assert.equal(digestOf(id, await state(id)), digestOf(id, given));
    await apply(id, null);
    const [kept] = await monolith.query('select count(*)::int as count from idempotency_keys');
    assert.deepEqual(kept, { count: 1 }, 'the reply has a lifetime of its own');
  });

  test('are written by the owner only, also where the brand itself is not', async () => {
    const [id, field] = [await addBrand(), await addField()];
    await setValue(id, field, 1);
    await follow();
    await assert.rejects(setValue(id, randomUUID(), 1), { code: 'BN421' });
    await assert.rejects(monolith.query("update brand_field_values set value = '2'"), { code: 'BN421' });
    await assert.rejects(monolith.query('delete from brand_field_values where owner_id = $1', [id]), { code: 'BN421' });
    assert.equal((await values(id)).length, 1);
  });

  test('of a field that was deleted stay where the monolith follows, and the delete is not refused', async () => {
    const [id, field] = [await addBrand(), await addField()];
    await setValue(id, field, 1);
    const before = await state(id);
    await follow();
    await monolith.query('delete from flow_fields where id = $1', [field]);
    await monolith.query('delete from brand_field_values where field_id = $1', [field]);
    assert.deepEqual(await state(id), before, 'as the service has it: both skip them');
  });
});
