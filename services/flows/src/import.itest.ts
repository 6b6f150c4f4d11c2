import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { digestOf } from '@banyan/kit/import';
import { describeImportPaths, migrationToken, moverOf } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

const at = { created_at: '2018-05-10T14:11:32.000123Z', updated_at: '2018-05-10T14:11:32.999999Z' };

const fieldState = (change: object = {}) => ({
  ...{ id: randomUUID(), slug: `f${randomUUID()}`, name: 'Déjà vu 😀', field_type: 'integer', description: 'text ' },
  ...{ required: false, is_unique: true, default_value: null, enabled: true, position: 7, omit_null: false },
  validation_rules: [{ type: 'between', options: { to: 5, from: 1 } }],
  ...at,
  ...change,
});
const flowState = (change: object = {}) => ({
  ...{ slug: `s${randomUUID()}`, name: 'Déjà vu 😀', description: 'text with a trailing blank ', enabled: true },
  fields: [] as object[],
  ...at,
  ...change,
});
const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

describe('moving flows to the service and back', () => {
  let instance: Instance;
  before(async () => {
    instance = await startInstance('http://127.0.0.1:9', { MIGRATION_TOKEN: migrationToken });
    await instance.service.ready;
  });
  after(() => instance.close());
  const mover = moverOf(() => instance.service.url, 'flows');
  const { bring, digest, displaced } = mover;

  test('a flow that was brought over has the digest of its state, with its fields, which its next state replaces', async () => {
    const key = `flow:${randomUUID()}`;
    const kept = fieldState({ default_value: 3, is_unique: false });
    const given = flowState({ fields: [kept, fieldState(), fieldState({ validation_rules: [] })].sort(byId) });
    assert.deepEqual(await bring(key, given), { key, outcome: 'applied' });
    assert.equal(await digest(key), digestOf(key, given));
    const next = { ...given, fields: [{ ...kept, slug: 'another', enabled: false }] };
    await bring(key, next);
    assert.equal(await digest(key), digestOf(key, next));
    await bring(key, null);
    assert.equal(await digest(key), undefined);
    assert.deepEqual(await instance.database.query('select id from fields'), []);
  });

  test('an entry travels with its values, and without one has no such member', async () => {
    const key = `entry:${randomUUID()}`;
    const values = {
      [randomUUID()]: 'é "x" \u{1f600}',
      [randomUUID()]: [{ id: 'a', type: 'b' }],
      ...{ [randomUUID()]: 5e-324, [randomUUID()]: false },
    };
    const given = { flow_id: randomUUID(), ...at, values };
    await bring(key, given);
    assert.equal(await digest(key), digestOf(key, given));
    const { values: _, ...without } = given;
    await bring(key, without);
    assert.equal(await digest(key), digestOf(key, without));
    await bring(key, given);
    await bring(key, null);
    assert.equal(await digest(key), undefined);
    assert.deepEqual(await instance.database.query('select entry_id from entry_values'), []);
  });

  test('replies to keyed requests travel with their entry, for a day', async () => {
    const key = `entry:${randomUUID()}`;
    const reply = (n: number, createdAt = new Date().toISOString().replace('Z', '789Z')) => ({
      ...{ hash: `${n}`.repeat(64), client: 'c', customer: '', method: 'POST', path: '/v2/flows/books/entries' },
      ...{ key: 'k', body_hash: 'b'.repeat(64), status: 201, reply: '{"data":{"é":"x"}}', created_at: createdAt },
    });
    const given = { flow_id: randomUUID(), ...at, replies: [reply(1), reply(2)] };
    await bring(key, { ...given, replies: [...given.replies, reply(3, '2018-05-10T14:11:32.000123Z')] });
    assert.equal(await digest(key), digestOf(key, given), 'one is older than a day');
    await instance.service.store.forgetReplies();
    await bring(key, null);
    const rows = await instance.database.query('select hash from keyed_replies order by hash');
    assert.deepEqual(
      rows,
      [1, 2].map((n) => ({ hash: `${n}`.repeat(64) })),
      'each has a lifetime of its own',
    );
  });

  test('two flows swap their slugs, one after the other', async () => {
    const [a, b] = [`flow:${randomUUID()}`, `flow:${randomUUID()}`];
    const [red, blue] = [flowState(), flowState()];
    await bring(a, red);
    await bring(b, blue);
    await bring(a, { ...red, slug: blue.slug });
    assert.equal(await displaced(), 1);
    await bring(b, { ...blue, slug: red.slug });
    assert.equal(await displaced(), 0);
    assert.equal(await digest(a), digestOf(a, { ...red, slug: blue.slug }));
  });

  test('keys are listed in bytewise order, entries before flows, from any key on', async () => {
    const ids = [randomUUID(), randomUUID()].sort();
    for (const id of ids) {
      await bring(`flow:${id}`, flowState());
      await bring(`entry:${id}`, { flow_id: id, ...at });
    }
    const wanted = ids.flatMap((id) => [`entry:${id}`, `flow:${id}`]).sort();
    const all = (await mover.digests({})).map(({ key }) => key);
    assert.deepEqual(all, all.toSorted());
    assert.deepEqual(
      all.filter((key) => wanted.includes(key)),
      wanted,
    );
    const some = (await mover.digests({ after: wanted[0] ?? '', to: wanted[3] ?? '' })).map(({ key }) => key);
    assert.deepEqual(
      some.filter((key) => wanted.includes(key)),
      wanted.slice(1),
    );
  });

  for (const [what, state] of Object.entries({
    'a slug that is none': flowState({ slug: 'two words' }),
    'a name that is too long': flowState({ name: 'x'.repeat(256) }),
    'a time without microseconds': flowState({ created_at: '2018-05-10T14:11:32Z' }),
    'a field of an unknown type': flowState({ fields: [fieldState({ field_type: 'text' })] }),
    'an entry without a flow': { ...at },
    'values of no field': { flow_id: randomUUID(), ...at, values: { x: 1 } },
  })) {
    test(`${what} is refused`, async () => {
      const { outcome } = await bring(`flow:${randomUUID()}`, state);
      assert.equal(outcome, 'refused');
    });
  }

  test('a service that follows refuses its own writes as misdirected', async () => {
    await assert.rejects(
      instance.service.store.transaction((changes) => changes.deleteFlow(randomUUID())),
      { code: 'misdirected' },
    );
  });

  test('what the service writes as the owner goes back: a deleted field with the values, a deleted flow with its entries', async () => {
    const [field, gone] = [fieldState(), fieldState()];
    const [flow, entry, other] = [randomUUID(), randomUUID(), randomUUID()];
    const given = flowState({ fields: [field, gone].sort(byId) });
    const state = { flow_id: flow, ...at, values: { [field.id]: 1, [gone.id]: 2 } };
    await bring(`flow:${flow}`, given);
    await bring(`entry:${entry}`, state);
    await bring(`entry:${other}`, { ...state, values: { [field.id]: 3 } });
    await mover.switchHere();
    const { store } = instance.service;
    const taken = async () => {
      const changes = await mover.changes();
      await mover.acknowledge(changes);
      return Object.fromEntries(changes.map((change) => [change.key, change.state]));
    };
    await store.transaction(async (changes) => {
      const found = await changes.field(gone.id);
      assert.ok(found);
      await changes.deleteField(found);
    });
    assert.deepEqual(await taken(), {
      [`flow:${flow}`]: { ...given, fields: [field] },
      [`entry:${entry}`]: { ...state, values: { [field.id]: 1 } },
    });
    await store.transaction((changes) => changes.deleteFlow(flow));
    assert.deepEqual(await taken(), { [`flow:${flow}`]: null, [`entry:${entry}`]: null, [`entry:${other}`]: null });
    await mover.followAgain();
  });
});

describeImportPaths('flows', (env) => startInstance('http://127.0.0.1:9', env));
