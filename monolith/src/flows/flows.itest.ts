import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { fieldOn, flowNamed } from './testing.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

const faults = (reply: { body: { errors: { source: string }[] } }) => reply.body.errors.map(({ source }) => source);

describe('flows', () => {
  test('are created, listed, changed and deleted, by id or by slug', async () => {
    const flow = { type: 'flow', name: 'Recipes', slug: 'recipes', description: 'D', enabled: true };
    const made = await it.admin('POST', '/v2/flows', { data: flow });
    assert.equal(made.status, 201);
    const { id } = made.body.data;
    assert.deepEqual(made.body.data, {
      ...flow,
      id,
      links: { self: `http://shop.test/v2/flows/${id}` },
      relationships: {},
      meta: made.body.data.meta,
    });
    assert.equal((await it.admin('GET', '/v2/flows/recipes')).body.data.id, id);
    assert.equal((await it.shopper('GET', `/v2/flows/${id}`)).status, 200);
    assert.deepEqual((await it.admin('GET', '/v2/flows')).body.data.length, 1);
    const changed = await it.admin('PUT', `/v2/flows/${id}`, { data: { type: 'flow', id, name: 'Dishes' } });
    assert.deepEqual([changed.body.data.name, changed.body.data.slug], ['Dishes', 'recipes']);
    assert.equal((await it.admin('DELETE', `/v2/flows/${id}`)).status, 204);
    assert.equal((await it.admin('GET', `/v2/flows/${id}`)).status, 404);
  });

  test('refuse what is wrong: each member, a taken slug, and the name of another resource', async () => {
    assert.deepEqual(faults(await it.admin('POST', '/v2/flows', { data: { type: 'flow' } })).sort(), [
      ...['data.description', 'data.enabled', 'data.name', 'data.slug'],
    ]);
    const flow = { type: 'flow', name: 'F', slug: 'taken', description: '', enabled: true };
    assert.equal((await it.admin('POST', '/v2/flows', { data: flow })).status, 201);
    for (const slug of ['taken', 'currencies', 'product', 'two words', '9lives', '__proto__']) {
      const reply = await it.admin('POST', '/v2/flows', { data: { ...flow, slug } });
      assert.deepEqual([reply.status, faults(reply)], [422, ['data.slug']], slug);
    }
    assert.equal((await it.shopper('POST', '/v2/flows', { data: { ...flow, slug: 'mine' } })).status, 403);
  });

  test('the slug of a core entity stays; another slug moves with its entries', async () => {
    await flowNamed(it, 'brands');
    const moved = await it.admin('PUT', '/v2/flows/brands', { data: { slug: 'makers' } });
    assert.deepEqual([moved.status, faults(moved)], [422, ['data.slug']]);
    await flowNamed(it, 'old');
    await fieldOn(it, 'old', { slug: 'size', field_type: 'integer' });
    await it.admin('POST', '/v2/flows/old/entries', { data: { type: 'entry', size: 1 } });
    assert.equal((await it.admin('PUT', '/v2/flows/old', { data: { slug: 'new' } })).status, 200);
    assert.equal((await it.admin('GET', '/v2/flows/old/entries')).status, 404);
    assert.equal((await it.admin('GET', '/v2/flows/new/entries')).body.data[0].size, 1);
  });
});

describe('fields', () => {
  test('are created, read, changed and deleted', async () => {
    const flow = await flowNamed(it, 'movies');
    const field = {
      ...{
        type: 'field',
        name: 'Rating',
        slug: 'rating',
        field_type: 'integer',
        description: 'Stars',
        required: false,
      },
      ...{ unique: false, default: 3, enabled: true, order: 2, omit_null: false },
      validation_rules: [{ type: 'between', options: { from: 1, to: 5 } }],
      relationships: { flow: { data: { type: 'flow', id: flow } } },
    };
    const made = await it.admin('POST', '/v2/fields', { data: field });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, meta, links, ...rest } = made.body.data;
    assert.deepEqual(rest, field);
    assert.deepEqual(links, { self: `http://shop.test/v2/fields/${id}` });
    assert.ok(meta.timestamps.created_at);
    assert.deepEqual((await it.admin('GET', `/v2/fields/${id}`)).body.data, made.body.data);
    assert.deepEqual((await it.shopper('GET', '/v2/flows/movies/fields')).body.data, [made.body.data]);
    assert.ok((await it.admin('GET', '/v2/fields')).body.data.some((one: { id: string }) => one.id === id));
    // An update needs no field_type.
    const changed = await it.admin('PUT', `/v2/fields/${id}`, { data: { type: 'field', name: 'Stars', order: 1 } });
    assert.deepEqual([changed.status, changed.body.data.name, changed.body.data.order], [200, 'Stars', 1]);
    const other = await it.admin('PUT', `/v2/fields/${id}`, { data: { field_type: 'string' } });
    assert.deepEqual([other.status, faults(other)], [422, ['data.field_type']]);
    assert.equal((await it.admin('DELETE', `/v2/fields/${id}`)).status, 204);
    assert.equal((await it.admin('GET', `/v2/fields/${id}`)).status, 404);
  });

  test('refuse what is wrong', async () => {
    const flow = await flowNamed(it, 'songs');
    const field = {
      ...{ type: 'field', name: 'F', slug: 'f', field_type: 'string', description: '', required: false },
      relationships: { flow: { data: { type: 'flow', id: flow } } },
    };
    const wrong: [Record<string, unknown>, string[]][] = [
      [{ field_type: 'text' }, ['data.field_type']],
      [{ slug: 'id' }, ['data.slug']],
      [{ slug: 'a b' }, ['data.slug']],
      [{ relationships: {} }, ['data.relationships.flow.data.id']],
      [{ validation_rules: [{ type: 'between', options: { from: 1, to: 2 } }] }, ['data.validation_rules.0.type']],
      [{ validation_rules: [{ type: 'enum', options: [1] }] }, ['data.validation_rules.0.options.0']],
      [{ field_type: 'relationship' }, ['data.validation_rules']],
      [
        { field_type: 'relationship', validation_rules: [{ type: 'one-to-one', to: 'unicorns' }] },
        ['data.validation_rules.0.to'],
      ],
      [{ field_type: 'integer', default: 'x' }, ['data.default']],
      [{ unique: true, default: 'x' }, ['data.default']],
    ];
    for (const [members, sources] of wrong) {
      const reply = await it.admin('POST', '/v2/fields', { data: { ...field, ...members } });
      assert.deepEqual([reply.status, faults(reply)], [422, sources], JSON.stringify(members));
    }
    const unknown = { relationships: { flow: { data: { type: 'flow', id: randomUUID() } } } };
    assert.equal((await it.admin('POST', '/v2/fields', { data: { ...field, ...unknown } })).status, 404);
    assert.equal((await it.admin('POST', '/v2/fields', { data: field })).status, 201);
    assert.deepEqual(faults(await it.admin('POST', '/v2/fields', { data: field })), ['data.slug']);
    assert.deepEqual((await it.admin('GET', '/v2/flows/songs/fields')).body.data.length, 1);
  });

  test('a flow has at most a hundred', async () => {
    await flowNamed(it, 'many');
    for (let n = 0; n < 100; n += 1) await fieldOn(it, 'many', { slug: `f${n}` });
    const flow = (await it.admin('GET', '/v2/flows/many')).body.data.id;
    const data = {
      ...{ type: 'field', name: 'F', slug: 'more', field_type: 'string', description: '', required: false },
      relationships: { flow: { data: { type: 'flow', id: flow } } },
    };
    assert.equal((await it.admin('POST', '/v2/fields', { data })).status, 422);
  });
});

describe('attributes', () => {
  test('describe flows, fields, and the fields of a flow', async () => {
    assert.equal((await it.admin('GET', '/v2/flows/attributes')).body.meta.entity, 'flows');
    assert.equal((await it.admin('GET', '/v2/fields/attributes')).body.meta.entity, 'fields');
    await flowNamed(it, 'collections');
    const rule = { type: 'enum', options: ['a', 'b'] };
    await fieldOn(it, 'collections', { slug: 'mood', required: true, validation_rules: [rule] });
    const mood = { label: 'mood', value: 'mood', type: 'string', required: true, description: '', options: ['a', 'b'] };
    const { body } = await it.admin('GET', '/v2/flows/collections/attributes');
    assert.deepEqual(body, { data: [mood], meta: { entity: 'collections', version: 'v2' } });
    assert.deepEqual((await it.admin('GET', '/v2/collections/attributes')).body.data.at(-1), mood);
  });
});
