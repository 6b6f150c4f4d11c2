import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { makeOption, makeVariation } from './variants.ts';

const price = { amount: 1, currency: 'USD' };

/** A right value for each type of modifier. */
const goodValues: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(
    ['name', 'description', 'slug', 'sku'].flatMap((member) =>
      ['equals', 'append', 'prepend'].map((effect) => [`${member}_${effect}`, 'text']),
    ),
  ),
  ...{ slug_builder: { seek: 'X', set: 'y' }, sku_builder: { seek: '{X}', set: '' } },
  ...{ price_equals: [{ ...price, includes_tax: true }], price_increment: [price], price_decrement: [price] },
  ...{ commoditytype: 'digital', status: 'draft' },
};

/** The path of the modifiers of a new option. */
async function modifiersOf(api: Api): Promise<string> {
  const size = await makeVariation(api, 'Size');
  return `/v2/variations/${size}/options/${await makeOption(api, size, 'S')}/modifiers`;
}

export const modifierCases: Case[] = [
  {
    name: 'modifiers of all nineteen types are made, read, changed and deleted',
    run: async (api) => {
      const { admin } = api;
      assert.equal(Object.keys(goodValues).length, 19);
      for (const [modifier_type, value] of Object.entries(goodValues)) {
        const all = await modifiersOf(api);
        const made = await admin('POST', all, { data: { type: 'modifier', modifier_type, value } });
        assert.equal(made.status, 201, `${modifier_type} ${JSON.stringify(made.body)}`);
        const { id } = made.body.data;
        assert.deepEqual(made.body.data, { type: 'modifier', id, modifier_type, value });
        assert.deepEqual((await admin('GET', `${all}/${id}`)).body, made.body);
        assert.deepEqual((await admin('GET', all)).body.data, [made.body.data]);
        const change = { type: 'modifier', modifier_type: 'name_equals', value: 'New' };
        assert.deepEqual((await admin('PUT', `${all}/${id}`, { data: change })).body.data, { ...change, id });
        assert.equal((await admin('DELETE', `${all}/${id}`)).status, 204);
        assert.equal((await admin('GET', `${all}/${id}`)).status, 404);
      }
    },
  },
  {
    name: 'modifiers accept the type of 2017, and unknown ones are 404',
    run: async (api) => {
      const all = await modifiersOf(api);
      const data = { type: 'product-modifier', modifier_type: 'sku_append', value: '-S' };
      const made = await api.admin('POST', all, { data });
      assert.deepEqual([made.status, made.body.data?.type], [201, 'modifier']);
      for (const unknown of [randomUUID(), 'nonsense']) {
        for (const method of ['GET', 'PUT', 'DELETE']) {
          const body = method === 'PUT' ? { data: {} } : undefined;
          assert.equal((await api.admin(method, `${all}/${unknown}`, body)).status, 404, method);
        }
      }
    },
  },
  {
    name: 'modifiers whose value does not fit their type are refused',
    run: async (api) => {
      const { admin } = api;
      const all = await modifiersOf(api);
      const wrong: readonly (readonly [string, unknown])[] = [
        ['name_equals', ''],
        ['name_equals', null],
        ['name_equals', undefined],
        ['name_append', 5],
        ['sku_builder', 'x'],
        ['sku_builder', { seek: 'x' }],
        ['price_equals', price],
        ['price_equals', []],
        ['price_equals', [{ amount: -1, currency: 'USD' }]],
        ['price_increment', [price, price]],
        ['status', 'gone'],
        ['commoditytype', 'soul'],
        ['color_equals', 'x'],
        ['slug_equals', 'x'.repeat(256)],
        ['toString', 'x'],
      ];
      for (const [modifier_type, value] of wrong) {
        const { status } = await admin('POST', all, { data: { type: 'modifier', modifier_type, value } });
        assert.equal(status, 422, `${modifier_type} ${JSON.stringify(value)}`);
      }
      const one = { type: 'modifier', modifier_type: 'name_equals', value: 'x' };
      assert.equal((await admin('POST', all, { data: [one, one] })).status, 400, 'one modifier per request');
      assert.deepEqual((await admin('GET', all)).body.data, []);
    },
  },
  {
    name: 'modifiers do not raise and lower the price of one option',
    run: async (api) => {
      const { admin } = api;
      const all = await modifiersOf(api);
      const add = (modifier_type: string) =>
        admin('POST', all, { data: { type: 'modifier', modifier_type, value: [price] } });
      const raise = await add('price_increment');
      assert.equal((await add('price_decrement')).status, 422);
      const change = { data: { modifier_type: 'price_decrement' } };
      assert.equal((await admin('PUT', `${all}/${raise.body.data.id}`, change)).status, 200);
      assert.equal((await add('price_increment')).status, 422);
      assert.equal((await add('price_decrement')).status, 201);
    },
  },
];
