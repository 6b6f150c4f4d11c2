import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case, Reply } from './api.ts';

/** A running promotion of 5 dollars, as a body. */
const fiveOff = {
  ...{ type: 'promotion', name: 'Five off', description: 'For all', enabled: true, promotion_type: 'fixed_discount' },
  schema: { currencies: [{ currency: 'USD', amount: 500 }] },
  ...{ start: '2018-01-01', end: '2099-01-01' },
};

/** Creates a promotion, `fiveOff` with other members, and returns its id. */
async function makePromotion({ admin }: Api, members: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await admin('POST', '/v2/promotions', { data: { ...fiveOff, ...members } });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

const sources = ({ body }: Reply) => body.errors.map((one: { source: string }) => one.source);
const path = (id: string, rest = '') => `/v2/promotions/${id}/codes${rest}`;
const body = (...codes: object[]) => ({ data: { type: 'promotion_codes', codes } });

export const promotionCases: Case[] = [
  {
    name: 'promotions are created, read, changed and deleted',
    run: async (api) => {
      const made = await api.admin('POST', '/v2/promotions', { data: fiveOff });
      assert.equal(made.status, 201);
      const { id, meta, created_at, updated_at, ...rest } = made.body.data;
      assert.deepEqual(rest, {
        ...{ ...fiveOff, automatic: false, min_cart_value: [], max_discount_value: [] },
        ...{ start: '2018-01-01T00:00:00.000Z', end: '2099-01-01T00:00:00.000Z' },
      });
      assert.deepEqual(meta.timestamps, { created_at, updated_at });
      assert.deepEqual((await api.admin('GET', `/v2/promotions/${id}`)).body, made.body);
      const change = { name: 'Six off', schema: { currencies: [{ currency: 'USD', amount: 600 }] } };
      const changed = (await api.admin('PUT', `/v2/promotions/${id}`, { data: { type: 'promotion', ...change } })).body;
      assert.deepEqual(
        [changed.data.name, changed.data.schema, changed.data.end],
        [change.name, change.schema, rest.end],
      );
      assert.equal((await api.admin('DELETE', `/v2/promotions/${id}`)).status, 204);
      for (const method of ['GET', 'DELETE', 'PUT']) {
        const body = method === 'PUT' ? { data: change } : undefined;
        assert.equal((await api.admin(method, `/v2/promotions/${id}`, body)).status, 404, method);
      }
    },
  },
  {
    name: 'promotions are for client credentials only',
    run: async (api) => {
      const id = await makePromotion(api);
      for (const path of ['', `/${id}`, `/${id}/codes`]) {
        assert.equal((await api.shopper('GET', `/v2/promotions${path}`)).status, 403, path);
      }
      assert.equal((await api.shopper('POST', '/v2/promotions', { data: fiveOff })).status, 403);
    },
  },
  {
    name: 'promotions accept timestamps with a zone',
    run: async (api) => {
      const id = await makePromotion(api, { start: '2018-05-10T02:00:00+02:00', end: '2018-05-11T00:00:00.500Z' });
      const { start, end } = (await api.admin('GET', `/v2/promotions/${id}`)).body.data;
      assert.deepEqual([start, end], ['2018-05-10T00:00:00.000Z', '2018-05-11T00:00:00.500Z']);
    },
  },
  {
    name: 'promotions accept the schema of each type',
    run: async (api) => {
      const targets = ['SKU-1', randomUUID()];
      const currencies = [{ currency: 'USD', amount: 100 }];
      const types: Record<string, object> = {
        percent_discount: { currencies: [{ currency: 'USD', percentage: 12.5 }] },
        x_for_y: { x: 3, y: 2, targets },
        x_for_amount: { x: 3, currencies, targets },
        bundle_fixed_discount: { requirements: [{ targets, quantity: 2 }], currencies },
        item_fixed_discount: { targets, currencies },
        item_percent_discount: { targets, percent: 10 },
      };
      for (const [promotion_type, schema] of Object.entries(types)) {
        const id = await makePromotion(api, { promotion_type, schema });
        assert.deepEqual((await api.admin('GET', `/v2/promotions/${id}`)).body.data.schema, schema, promotion_type);
      }
    },
  },
  {
    name: 'promotions refuse what is wrong, member by member',
    run: async (api) => {
      const wrong: [object, string[]][] = [
        [{ type: 'offer' }, ['data.type']],
        [{ name: undefined, enabled: 'yes' }, ['data.enabled', 'data.name']],
        [{ promotion_type: 'free' }, ['data.promotion_type']],
        [{ schema: {} }, ['data.schema.currencies']],
        [{ schema: { currencies: [] } }, ['data.schema.currencies']],
        [{ schema: { currencies: [{ currency: 'usd', amount: 1 }] } }, ['data.schema.currencies.0.currency']],
        [{ schema: { currencies: [{ currency: 'USD', amount: -1 }] } }, ['data.schema.currencies.0.amount']],
        [{ schema: { currencies: [1, 2].map((amount) => ({ currency: 'USD', amount })) } }, ['data.schema.currencies']],
        [{ promotion_type: 'x_for_y', schema: { x: 2, y: 2, targets: ['a'] } }, ['data.schema.y']],
        [
          { promotion_type: 'item_percent_discount', schema: { percent: 101, targets: ['a'] } },
          ['data.schema.percent'],
        ],
        [{ end: '2017-01-01' }, ['data.end']],
        [{ end: '2018-02-30' }, ['data.end']],
        [{ start: 'now' }, ['data.start']],
        [{ min_cart_value: [{ currency: 'USD', amount: 'x' }] }, ['data.min_cart_value.0.amount']],
      ];
      for (const [members, expected] of wrong) {
        const reply = await api.admin('POST', '/v2/promotions', { data: { ...fiveOff, ...members } });
        assert.equal(reply.status, 422, JSON.stringify(members));
        assert.deepEqual(
          sources(reply)
            .filter((source: string) => expected.includes(source))
            .sort(),
          expected,
          JSON.stringify([members, reply.body]),
        );
      }
      const id = await makePromotion(api);
      const type = await api.admin('PUT', `/v2/promotions/${id}`, { data: { promotion_type: 'x_for_y' } });
      assert.equal(type.status, 422, 'the schema of one type does not fit another');
    },
  },
  {
    name: 'promotions are listed in pages, and found by a code',
    run: async (api) => {
      const id = await makePromotion(api);
      const code = randomUUID();
      const codes = { type: 'promotion_codes', codes: [{ code }] };
      await api.admin('POST', `/v2/promotions/${id}/codes`, { data: codes });
      const found = (await api.admin('GET', `/v2/promotions?filter=eq(code,${code})`)).body;
      assert.deepEqual([found.data.map((one: { id: string }) => one.id), found.meta.results.total], [[id], 1]);
      const page = (await api.admin('GET', '/v2/promotions?page[limit]=2&page[offset]=1')).body;
      assert.equal(page.data.length, 2);
      assert.ok(page.meta.results.total > 3);
    },
  },
  {
    name: 'codes of a promotion are added, listed in pages, and deleted, many or one',
    run: async (api) => {
      const id = await makePromotion(api);
      const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
      const added = await api.admin('POST', path(id), body({ code: a }, { code: b, uses: 2, user: 'ada@example.com' }));
      assert.deepEqual([added.status, added.body.data.id, added.body.data.type], [201, id, 'promotion']);
      await api.admin('POST', path(id), body({ code: c }));
      const listed = (await api.admin('GET', path(id))).body;
      assert.deepEqual(
        listed.data.sort((x: { code: string }, y: { code: string }) => (x.code < y.code ? -1 : 1)),
        [
          { code: a, used: 0 },
          { code: b, uses: 2, user: 'ada@example.com', used: 0 },
          { code: c, used: 0 },
        ].sort((x, y) => (x.code < y.code ? -1 : 1)),
      );
      const last = (await api.admin('GET', path(id, '?page[limit]=2&page[offset]=2'))).body;
      assert.deepEqual([last.data, last.meta.results.total], [[{ code: c, used: 0 }], 3]);
      assert.equal((await api.admin('DELETE', path(id), body({ code: a }, { code: b }))).status, 204);
      assert.equal((await api.admin('DELETE', path(id, `/${c}`))).status, 204);
      assert.deepEqual((await api.admin('GET', path(id))).body.data, []);
      assert.equal((await api.admin('DELETE', path(id, `/${c}`))).status, 404);
      assert.equal((await api.admin('DELETE', path(id), { data: {} })).status, 400);
    },
  },
  {
    name: 'codes of a promotion are unique in the store, and of a limited number; a wrong list adds none',
    run: async (api) => {
      const id = await makePromotion(api);
      const other = await makePromotion(api);
      const code = randomUUID();
      await api.admin('POST', path(other), body({ code }));
      const taken = await api.admin('POST', path(id), body({ code: randomUUID() }, { code }));
      assert.deepEqual([taken.status, sources(taken)], [422, ['data.codes.1.code']]);
      const twice = await api.admin('POST', path(id), body({ code: 'x' }, { code: 'x' }));
      assert.deepEqual([twice.status, sources(twice)], [422, ['data.codes.1.code']]);
      for (const wrong of [{ code: '' }, { code: 'a b' }, { code: 'a/b' }, { code: 'x', uses: 0 }, {}]) {
        assert.equal((await api.admin('POST', path(id), body(wrong))).status, 422, JSON.stringify(wrong));
      }
      const many = Array.from({ length: 1_000 }, () => ({ code: randomUUID() }));
      assert.equal((await api.admin('POST', path(id), body(...many))).status, 201);
      assert.equal((await api.admin('POST', path(id), body({ code: randomUUID() }))).status, 422);
      assert.equal((await api.admin('GET', path(id))).body.meta.results.total, 1_000);
    },
  },
  {
    name: 'codes of a promotion of an automatic promotion: one, its own',
    run: async (api) => {
      const id = await makePromotion(api, { automatic: true });
      assert.deepEqual((await api.admin('GET', path(id))).body.data, [{ code: `auto_${id}` }]);
      assert.equal((await api.admin('POST', path(id), body({ code: randomUUID() }))).status, 422);
      assert.equal((await api.admin('DELETE', `/v2/promotions/${id}`)).status, 204);
    },
  },
  {
    name: 'codes of a promotion are deleted when a promotion that had ended runs again',
    run: async (api) => {
      const ended = new Date(Date.now() - 1000).toISOString();
      const id = await makePromotion(api, { end: ended });
      await api.admin('POST', path(id), body({ code: randomUUID() }));
      assert.equal((await api.admin('PUT', `/v2/promotions/${id}`, { data: { name: 'Still over' } })).status, 200);
      assert.equal((await api.admin('GET', path(id))).body.data.length, 1);
      await api.admin('PUT', `/v2/promotions/${id}`, { data: { end: '2099-01-01' } });
      assert.deepEqual((await api.admin('GET', path(id))).body.data, []);
    },
  },
];
