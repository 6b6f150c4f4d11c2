import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { ids } from './goods.ts';
import { makeModifier, makeOption, makeVariation } from './variants.ts';
import { modifierCases } from './variations-modifiers.ts';

const path = '/v2/variations';
const link = (id: string) => ({ type: 'option', id });

export const variationCases: Case[] = [
  {
    name: 'variations are made, read, changed and deleted',
    run: async ({ admin }) => {
      const made = await admin('POST', path, { data: { type: 'product-variation', name: 'Size' } });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { id, meta, ...rest } = made.body.data;
      assert.deepEqual(rest, { type: 'product-variation', name: 'Size' }, 'without options, there are no such members');
      assert.equal(meta.timestamps.created_at, meta.timestamps.updated_at);
      const change = { id, type: 'product-variation', name: 'Length' };
      const changed = await admin('PUT', `${path}/${id}`, { data: change });
      assert.deepEqual([changed.status, changed.body.data.name], [200, 'Length']);
      assert.deepEqual((await admin('GET', `${path}/${id}`)).body, changed.body);
      const gone = await admin('DELETE', `${path}/${id}`);
      assert.deepEqual([gone.status, gone.body], [204, undefined]);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        for (const unknown of [id, randomUUID(), 'nonsense']) {
          const body = method === 'PUT' ? { data: {} } : undefined;
          const { status, body: refused } = await admin(method, `${path}/${unknown}`, body);
          assert.deepEqual([status, refused.errors[0].title], [404, 'Variation not found'], method);
        }
      }
    },
  },
  {
    name: 'variations show their options and modifiers, and include options',
    run: async (api) => {
      const { admin } = api;
      const size = await makeVariation(api, 'Size');
      const [small, large] = [await makeOption(api, size, 'S', 'Small'), await makeOption(api, size, 'L', 'Large')];
      const seek = { seek: '{SIZE}', set: 's' };
      const builder = await makeModifier(api, size, small, 'sku_builder', seek);
      const raise = await makeModifier(api, size, small, 'price_increment', [{ amount: 5, currency: 'USD' }]);
      const { data } = (await admin('GET', `${path}/${size}`)).body;
      assert.deepEqual(data.options, [
        {
          ...{ id: small, name: 'S', description: 'Small' },
          modifiers: [
            { id: builder, type: 'sku_builder', value: seek },
            { id: raise, type: 'price_increment', value: [{ amount: 5, currency: 'USD' }] },
          ],
        },
        { id: large, name: 'L', description: 'Large', modifiers: [] },
      ]);
      assert.deepEqual(data.relationships, { options: { data: [link(small), link(large)] } });
      const options = (await admin('GET', `${path}/${size}/options`)).body.data;
      const { meta: _, ...first } = options[0];
      assert.deepEqual(first, {
        ...{ type: 'option', id: small, name: 'S', description: 'Small' },
        relationships: {
          modifiers: { data: [{ sku_builder: seek }, { price_increment: [{ amount: 5, currency: 'USD' }] }] },
        },
      });
      assert.deepEqual(options[1].relationships, {});
      const list = (await admin('GET', `${path}?filter=eq(id,${size})&include=options`)).body;
      assert.deepEqual([list.data, list.included.options], [[data], options]);
    },
  },
  {
    name: 'variations are paged and sorted by name, and described',
    run: async (api) => {
      const { admin, tag } = api;
      for (const name of ['b', 'C', 'a']) await makeVariation(api, `${tag} ${name}`);
      const names = async (query: string) => {
        const { body } = await admin('GET', `${path}?filter=like(name,${tag}*)&${query}`);
        return body.data.map(({ name }: { name: string }) => name.at(-1));
      };
      assert.deepEqual(await names(''), ['b', 'C', 'a']);
      assert.deepEqual(await names('sort=name'), ['a', 'b', 'C']);
      assert.deepEqual(await names('sort=-name&page[limit]=1&page[offset]=1'), ['b']);
      for (const query of ['sort=price', 'filter=eq(price,1)', 'filter=eq(name', 'page[offset]=10001']) {
        assert.equal((await admin('GET', `${path}?${query}`)).status, 400, query);
      }
      const { data, meta } = (await admin('GET', `${path}/attributes`)).body;
      assert.equal(meta.entity, 'variations');
      assert.deepEqual(
        data.map(({ value }: { value: string }) => value),
        ['type', 'name'],
      );
    },
  },
  {
    name: 'variations are for client credentials only',
    run: async (api) => {
      const id = await makeVariation(api, 'Hidden');
      for (const [method, url] of [
        ['GET', path],
        ['POST', path],
        ['GET', `${path}/${id}`],
        ['DELETE', `${path}/${id}`],
        ['GET', `${path}/${id}/options`],
        ['POST', `${path}/${id}/options`],
      ] as const) {
        const body = method === 'POST' ? { data: { type: 'product-variation', name: 'X' } } : undefined;
        assert.equal((await api.shopper(method, url, body)).status, 403, `${method} ${url}`);
        assert.equal((await api.anonymous(method, url, body)).status, 401, `${method} ${url}`);
      }
    },
  },
  {
    name: 'variations with a wrong body are refused',
    run: async (api) => {
      const { admin } = api;
      const id = await makeVariation(api, 'Strict');
      for (const data of [{ name: 'X' }, { type: 'variation', name: 'X' }, { type: 'product-variation' }]) {
        assert.equal((await admin('POST', path, { data })).status, 422, JSON.stringify(data));
      }
      const other = { id: randomUUID(), type: 'product-variation', name: 'X' };
      const { status, body } = await admin('PUT', `${path}/${id}`, { data: other });
      assert.deepEqual([status, body.errors[0].source], [422, 'data.id']);
      // What a client sends for `Variations.Create({ options: [] })`.
      assert.equal((await admin('POST', path, '{"data": undefined, "options": []}')).status, 400);
    },
  },
  {
    name: 'options are made, read, changed and deleted',
    run: async (api) => {
      const { admin } = api;
      const size = await makeVariation(api, 'Size');
      const all = `${path}/${size}/options`;
      const made = await admin('POST', all, { data: { type: 'option', name: 'S', description: 'Small' } });
      assert.equal(made.status, 201);
      const { id, meta, ...rest } = made.body.data;
      assert.deepEqual(rest, { type: 'option', name: 'S', description: 'Small', relationships: {} });
      assert.deepEqual(Object.keys(meta.timestamps), ['created_at', 'updated_at']);
      const changed = await admin('PUT', `${all}/${id}`, { data: { id, type: 'option', description: 'Tiny' } });
      assert.deepEqual([changed.body.data.name, changed.body.data.description], ['S', 'Tiny']);
      assert.deepEqual((await admin('GET', `${all}/${id}`)).body, changed.body);
      const bare = await admin('POST', all, { data: { name: 'L' } });
      assert.deepEqual([bare.status, bare.body.data.description], [201, '']);
      assert.equal((await admin('POST', all, { data: { type: 'product-variation-option', name: 'M' } })).status, 201);
      assert.equal((await admin('DELETE', `${all}/${id}`)).status, 204);
      assert.deepEqual(ids(await admin('GET', all)).length, 2);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        for (const unknown of [id, 'nonsense']) {
          const body = method === 'PUT' ? { data: {} } : undefined;
          const { status, body: refused } = await admin(method, `${all}/${unknown}`, body);
          assert.deepEqual([status, refused.errors[0].title], [404, 'Option not found'], method);
        }
      }
      assert.equal((await admin('POST', all, { data: { type: 'modifier', name: 'X' } })).status, 422);
      assert.equal((await admin('POST', `${path}/${randomUUID()}/options`, { data: { name: 'X' } })).status, 404);
    },
  },
  {
    name: 'options of another variation are 404',
    run: async (api) => {
      const [one, two] = [await makeVariation(api, 'One'), await makeVariation(api, 'Two')];
      const option = await makeOption(api, one, 'O');
      const seen = async (call: Api['admin'], method: string, variation: string) =>
        (await call(method, `${path}/${variation}/options/${option}`)).status;
      assert.equal(await seen(api.admin, 'GET', two), 404);
      assert.equal(await seen(api.admin, 'DELETE', two), 404);
      assert.equal(await seen(api.admin, 'GET', one), 200);
    },
  },
  ...modifierCases,
];
