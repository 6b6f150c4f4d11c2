import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';
import { sources } from './flows-goods.ts';
import { makeProduct } from './goods.ts';
import { settingHostileCases } from './settings-hostile.ts';

const path = '/v2/settings';
export const put = ({ admin }: Api, data: object) => admin('PUT', path, { data: { type: 'settings', ...data } });

/** Runs a case, then puts the settings back as they were: they are those of the whole store. */
export const restored = (run: (api: Api) => Promise<void>) => async (api: Api) => {
  const before = (await api.admin('GET', path)).body.data;
  try {
    await run(api);
  } finally {
    assert.equal((await put(api, before)).status, 200);
  }
};

export const settingCases: Case[] = [
  ...settingHostileCases,
  {
    name: 'settings have their members, and a change keeps those that it does not name',
    run: restored(async (api) => {
      const { status, body } = await api.admin('GET', path);
      assert.equal(status, 200);
      const { page_length, list_child_products, additional_languages, calculation_method } = body.data;
      assert.deepEqual(Object.keys(body.data).sort(), [
        ...[
          'additional_languages',
          'calculation_method',
          'currency_limit',
          'list_child_products',
          'page_length',
          'type',
        ],
      ]);
      assert.deepEqual([body.data.type, body.data.currency_limit], ['settings', 10]);
      assert.ok(Number.isInteger(page_length) && typeof list_child_products === 'boolean');
      assert.ok(Array.isArray(additional_languages) && ['simple', 'line'].includes(calculation_method));
      const changed = await put(api, { additional_languages: ['fr', 'de'] });
      assert.deepEqual(
        [changed.status, changed.body.data],
        [200, { ...body.data, additional_languages: ['fr', 'de'] }],
      );
      assert.deepEqual((await api.admin('GET', `${path}/`)).body, changed.body);
    }),
  },
  {
    name: 'settings ignore writes of what is read-only or unknown',
    run: restored(async (api) => {
      const before = (await api.admin('GET', path)).body;
      const { status, body } = await put(api, { currency_limit: 1_000, id: 'x', unknown: true });
      assert.deepEqual([status, body], [200, before]);
    }),
  },
  {
    name: 'settings refuse a value out of range, and then nothing is changed',
    run: restored(async (api) => {
      const before = (await api.admin('GET', path)).body;
      for (const [member, values] of Object.entries({
        page_length: [0, 101, -1, 1.5, '10', null],
        list_child_products: ['yes', 1, null],
        additional_languages: ['fr', ['french'], ['zz'], ['FR'], [1], ['fr', 'de', 'es', 'it', 'nl', 'pt']],
        calculation_method: ['guess', null, 1],
        type: ['setting', null],
      })) {
        for (const value of values) {
          const reply = await put(api, { page_length: 7, [member]: value });
          assert.equal(reply.status, 422, `${member} ${JSON.stringify(value)}`);
          assert.ok(sources(reply).every((source) => source.startsWith(`data.${member}`)));
        }
      }
      for (const body of ['', '{}', '{"data":5}', '{"data": undefined}']) {
        assert.equal((await api.admin('PUT', path, body)).status, 400, body);
      }
      assert.deepEqual((await api.admin('GET', path)).body, before);
    }),
  },
  {
    name: 'settings give the length of a page to every list, unless the request says it',
    run: restored(async (api) => {
      for (let n = 0; n < 3; n += 1) await makeProduct(api, { name: api.tag });
      assert.equal((await put(api, { page_length: 2 })).body.data.page_length, 2);
      const filter = `filter=eq(name,${api.tag})`;
      const { body } = await api.shopper('GET', `/v2/products?${filter}`);
      assert.deepEqual([body.data.length, body.meta.page.limit, body.meta.page.total], [2, 2, 2]);
      assert.equal((await api.shopper('GET', `/v2/products?page[limit]=3&${filter}`)).body.data.length, 3);
    }),
  },
  {
    name: 'settings are for client credentials only',
    run: async (api) => {
      for (const method of ['GET', 'PUT']) {
        const body = method === 'PUT' ? { data: { type: 'settings', page_length: 1 } } : undefined;
        assert.equal((await api.shopper(method, path, body)).status, 403, method);
        assert.equal((await api.anonymous(method, path, body)).status, 401, method);
      }
    },
  },
];
