import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { makeModifier, makeOption, makeVariation } from '../testing/variants.ts';
import { modifierTypes } from './modifier-types.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

describe('variations', () => {
  test('are made, read, changed and deleted', async () => {
    const made = await it.admin('POST', '/v2/variations', { data: { type: 'product-variation', name: 'Size' } });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, meta, ...rest } = made.body.data;
    assert.deepEqual(rest, { type: 'product-variation', name: 'Size' });
    assert.equal(meta.timestamps.created_at, meta.timestamps.updated_at);
    it.advance(5);
    const change = { id, type: 'product-variation', name: 'Length' };
    const changed = await it.admin('PUT', `/v2/variations/${id}`, { data: change });
    assert.deepEqual([changed.status, changed.body.data.name], [200, 'Length']);
    assert.notEqual(changed.body.data.meta.timestamps.updated_at, meta.timestamps.updated_at);
    assert.deepEqual((await it.admin('GET', `/v2/variations/${id}`)).body, changed.body);
    assert.equal((await it.admin('DELETE', `/v2/variations/${id}`)).status, 204);
    for (const method of ['GET', 'DELETE']) {
      const { status, body } = await it.admin(method, `/v2/variations/${id}`);
      assert.deepEqual([status, body.errors[0].title], [404, 'Variation not found']);
    }
  });

  test('show their options and modifiers, the same when debt 27 is paid', async () => {
    const shops = [it, await openTestShop(['options-by-queries'])];
    for (const shop of shops) {
      const size = await makeVariation(shop, 'Size');
      const [small, large] = [await makeOption(shop, size, 'S', 'Small'), await makeOption(shop, size, 'L', 'Large')];
      const seek = { seek: '{SIZE}', set: 's' };
      const builder = await makeModifier(shop, size, small, 'sku_builder', seek);
      const raise = await makeModifier(shop, size, small, 'price_increment', [{ amount: 5, currency: 'USD' }]);
      const { data } = (await shop.admin('GET', `/v2/variations/${size}`)).body;
      assert.deepEqual(data.options, [
        {
          id: small,
          name: 'S',
          description: 'Small',
          modifiers: [
            { id: builder, type: 'sku_builder', value: seek },
            { id: raise, type: 'price_increment', value: [{ amount: 5, currency: 'USD' }] },
          ],
        },
        { id: large, name: 'L', description: 'Large', modifiers: [] },
      ]);
      const link = (id: string) => ({ type: 'option', id });
      assert.deepEqual(data.relationships, { options: { data: [link(small), link(large)] } });
      const options = await shop.admin('GET', `/v2/variations/${size}/options`);
      const [first, second] = options.body.data;
      assert.deepEqual(first.relationships.modifiers.data, [
        { sku_builder: seek },
        { price_increment: [{ amount: 5, currency: 'USD' }] },
      ]);
      assert.deepEqual([first.type, second.relationships], ['option', {}]);
      const list = await shop.admin('GET', `/v2/variations?filter=eq(id,${size})&include=options`);
      assert.deepEqual(list.body.data, [data]);
      assert.deepEqual(list.body.included.options, options.body.data);
    }
    await shops[1]?.close();
  });

  test('page and sort by name', async () => {
    const tag = randomUUID();
    for (const name of ['b', 'C', 'a']) {
      await makeVariation(it, `${tag} ${name}`);
      it.advance(1);
    }
    const names = async (query: string) => {
      const { body } = await it.admin('GET', `/v2/variations?filter=like(name,${tag}*)&${query}`);
      return body.data.map((variation: { name: string }) => variation.name.at(-1));
    };
    assert.deepEqual(await names(''), ['b', 'C', 'a']);
    assert.deepEqual(await names('sort=name'), ['a', 'b', 'C']);
    assert.deepEqual(await names('sort=-name&page[limit]=1&page[offset]=1'), ['b']);
    assert.equal((await it.admin('GET', '/v2/variations?sort=price')).status, 400);
    const attributes = (await it.admin('GET', '/v2/variations/attributes')).body;
    assert.deepEqual(
      [attributes.meta.entity, attributes.data.map(({ value }: { value: string }) => value)],
      ['variations', ['type', 'name']],
    );
  });

  test('are for full tokens only', async () => {
    const id = await makeVariation(it, 'Hidden');
    for (const path of ['/v2/variations', `/v2/variations/${id}`, `/v2/variations/${id}/options`]) {
      assert.equal((await it.shopper('GET', path)).status, 403);
    }
  });

  test('and wrong bodies are refused', async () => {
    const id = await makeVariation(it, 'Strict');
    for (const data of [{ name: 'X' }, { type: 'variation', name: 'X' }, { type: 'product-variation' }]) {
      assert.equal((await it.admin('POST', '/v2/variations', { data })).status, 422, JSON.stringify(data));
    }
    const other = { id: randomUUID(), type: 'product-variation', name: 'X' };
    assert.equal((await it.admin('PUT', `/v2/variations/${id}`, { data: other })).status, 422);
    assert.equal((await it.admin('PUT', '/v2/variations/nonsense', { data: {} })).status, 404);
    assert.equal((await it.admin('POST', '/v2/variations', '{"data": undefined, "options": []}')).status, 400);
  });
});

describe('options', () => {
  test('are made, read, changed and deleted', async () => {
    const size = await makeVariation(it, 'Size');
    const all = `/v2/variations/${size}/options`;
    const made = await it.admin('POST', all, { data: { type: 'option', name: 'S', description: 'Small' } });
    assert.equal(made.status, 201);
    const { id } = made.body.data;
    const changed = await it.admin('PUT', `${all}/${id}`, { data: { id, type: 'option', description: 'Tiny' } });
    assert.deepEqual([changed.body.data.name, changed.body.data.description], ['S', 'Tiny']);
    assert.deepEqual((await it.admin('GET', `${all}/${id}`)).body, changed.body);
    const bare = await it.admin('POST', all, { data: { name: 'L' } });
    assert.deepEqual([bare.status, bare.body.data.description], [201, '']);
    assert.equal((await it.admin('POST', all, { data: { type: 'product-variation-option', name: 'M' } })).status, 201);
    assert.equal((await it.admin('DELETE', `${all}/${id}`)).status, 204);
    assert.equal((await it.admin('GET', all)).body.data.length, 2);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      for (const unknown of [id, 'nonsense']) {
        const { status, body } = await it.admin(method, `${all}/${unknown}`, { data: {} });
        assert.deepEqual([status, body.errors[0].title], [404, 'Option not found']);
      }
    }
    assert.equal((await it.admin('POST', all, { data: { type: 'modifier', name: 'X' } })).status, 422);
    assert.equal(
      (await it.admin('POST', `/v2/variations/${randomUUID()}/options`, { data: { name: 'X' } })).status,
      404,
    );
  });

  test('of another variation are 404', async () => {
    const [one, two] = [await makeVariation(it, 'One'), await makeVariation(it, 'Two')];
    const option = await makeOption(it, one, 'O');
    assert.equal((await it.admin('GET', `/v2/variations/${two}/options/${option}`)).status, 404);
    assert.equal((await it.admin('DELETE', `/v2/variations/${two}/options/${option}`)).status, 404);
    assert.equal((await it.admin('GET', `/v2/variations/${one}/options/${option}`)).status, 200);
  });
});

describe('modifiers', () => {
  const goodValues: Record<string, unknown> = {
    ...{ slug_builder: { seek: 'X', set: 'y' }, sku_builder: { seek: '{X}', set: '' } },
    ...{
      price_equals: [{ amount: 1, currency: 'USD', includes_tax: true }],
      commoditytype: 'digital',
      status: 'draft',
    },
    ...{ price_increment: [{ amount: 1, currency: 'USD' }], price_decrement: [{ amount: 1, currency: 'USD' }] },
  };
  const pathOf = async () => {
    const size = await makeVariation(it, 'Size');
    return `/v2/variations/${size}/options/${await makeOption(it, size, 'S')}/modifiers`;
  };

  test('of all types are made, read, changed and deleted', async () => {
    for (const modifier_type of modifierTypes) {
      const all = await pathOf();
      const value = goodValues[modifier_type] ?? 'text';
      const made = await it.admin('POST', all, { data: { type: 'modifier', modifier_type, value } });
      assert.equal(made.status, 201, `${modifier_type} ${JSON.stringify(made.body)}`);
      const { id } = made.body.data;
      assert.deepEqual(made.body.data, { type: 'modifier', id, modifier_type, value });
      assert.deepEqual((await it.admin('GET', `${all}/${id}`)).body, made.body);
      assert.deepEqual((await it.admin('GET', all)).body.data, [made.body.data]);
      const change = { type: 'modifier', modifier_type: 'name_equals', value: 'New' };
      assert.deepEqual((await it.admin('PUT', `${all}/${id}`, { data: change })).body.data, { ...change, id });
      assert.equal((await it.admin('DELETE', `${all}/${id}`)).status, 204);
      assert.equal((await it.admin('GET', `${all}/${id}`)).status, 404);
    }
    assert.equal(modifierTypes.length, 19);
  });

  test('whose value does not fit their type are refused', async () => {
    const all = await pathOf();
    const price = { amount: 1, currency: 'USD' };
    const wrong: [string, unknown][] = [
      ...[
        ['name_equals', ''],
        ['name_append', 5],
        ['sku_builder', 'x'],
        ['sku_builder', { seek: 'x' }],
      ],
      ...[
        ['price_equals', price],
        ['price_equals', []],
        ['price_equals', [{ amount: -1, currency: 'USD' }]],
      ],
      ...[
        ['price_increment', [price, price]],
        ['status', 'gone'],
        ['commoditytype', 'soul'],
        ['color_equals', 'x'],
      ],
      ...[
        ['slug_equals', 'x'.repeat(256)],
        ['name_equals', undefined],
        ['toString', 'x'],
        ['name_equals', null],
      ],
    ] as [string, unknown][];
    for (const [modifier_type, value] of wrong) {
      const { status } = await it.admin('POST', all, { data: { type: 'modifier', modifier_type, value } });
      assert.equal(status, 422, `${modifier_type} ${JSON.stringify(value)}`);
    }
    const two = [{ type: 'modifier', modifier_type: 'name_equals', value: 'x' }];
    assert.equal((await it.admin('POST', all, { data: [...two, ...two] })).status, 400);
    assert.deepEqual((await it.admin('GET', all)).body.data, []);
  });

  test('do not raise and lower the price of one option', async () => {
    const all = await pathOf();
    const value = [{ amount: 1, currency: 'USD' }];
    const add = (modifier_type: string) => it.admin('POST', all, { data: { type: 'modifier', modifier_type, value } });
    const raise = await add('price_increment');
    assert.equal((await add('price_decrement')).status, 422);
    const change = { data: { modifier_type: 'price_decrement' } };
    assert.equal((await it.admin('PUT', `${all}/${raise.body.data.id}`, change)).status, 200);
    assert.equal((await add('price_increment')).status, 422);
    assert.equal((await add('price_decrement')).status, 201);
    const replies = await Promise.all([add('price_increment'), add('price_increment')]);
    assert.deepEqual(
      replies.map(({ status }) => status),
      [422, 422],
    );
  });
});
