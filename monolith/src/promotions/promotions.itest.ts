import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { fieldOn, flowNamed } from '../flows/testing.ts';
import { openTestShop, type Reply, type TestShop } from '../testing/open-shop.ts';
import { fiveOff, makePromotion } from './testing.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

const sources = ({ body }: Reply) => body.errors.map((one: { source: string }) => one.source);

describe('promotions', () => {
  test('are created, read, changed and deleted', async () => {
    const made = await it.admin('POST', '/v2/promotions', { data: fiveOff });
    assert.equal(made.status, 201);
    const { id, meta, created_at, updated_at, ...rest } = made.body.data;
    assert.deepEqual(rest, {
      ...{ ...fiveOff, automatic: false, min_cart_value: [], max_discount_value: [] },
      ...{ start: '2018-01-01T00:00:00.000Z', end: '2099-01-01T00:00:00.000Z' },
    });
    assert.deepEqual(meta.timestamps, { created_at, updated_at });
    assert.deepEqual((await it.admin('GET', `/v2/promotions/${id}`)).body, made.body);
    const change = { name: 'Six off', schema: { currencies: [{ currency: 'USD', amount: 600 }] } };
    const changed = (await it.admin('PUT', `/v2/promotions/${id}`, { data: { type: 'promotion', ...change } })).body;
    assert.deepEqual(
      [changed.data.name, changed.data.schema, changed.data.end],
      [change.name, change.schema, rest.end],
    );
    assert.equal((await it.admin('DELETE', `/v2/promotions/${id}`)).status, 204);
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const body = method === 'PUT' ? { data: change } : undefined;
      assert.equal((await it.admin(method, `/v2/promotions/${id}`, body)).status, 404, method);
    }
  });

  test('are for client credentials only', async () => {
    const id = await makePromotion(it);
    for (const path of ['', `/${id}`, `/${id}/codes`]) {
      assert.equal((await it.shopper('GET', `/v2/promotions${path}`)).status, 403, path);
    }
    assert.equal((await it.shopper('POST', '/v2/promotions', { data: fiveOff })).status, 403);
  });

  test('accept timestamps with a zone', async () => {
    const id = await makePromotion(it, { start: '2018-05-10T02:00:00+02:00', end: '2018-05-11T00:00:00.500Z' });
    const { start, end } = (await it.admin('GET', `/v2/promotions/${id}`)).body.data;
    assert.deepEqual([start, end], ['2018-05-10T00:00:00.000Z', '2018-05-11T00:00:00.500Z']);
  });

  test('accept the schema of each type', async () => {
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
      const id = await makePromotion(it, { promotion_type, schema });
      assert.deepEqual((await it.admin('GET', `/v2/promotions/${id}`)).body.data.schema, schema, promotion_type);
    }
  });

  test('refuse what is wrong, member by member', async () => {
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
      [{ promotion_type: 'item_percent_discount', schema: { percent: 101, targets: ['a'] } }, ['data.schema.percent']],
      [{ end: '2017-01-01' }, ['data.end']],
      [{ end: '2018-02-30' }, ['data.end']],
      [{ start: 'now' }, ['data.start']],
      [{ min_cart_value: [{ currency: 'USD', amount: 'x' }] }, ['data.min_cart_value.0.amount']],
    ];
    for (const [members, expected] of wrong) {
      const reply = await it.admin('POST', '/v2/promotions', { data: { ...fiveOff, ...members } });
      assert.equal(reply.status, 422, JSON.stringify(members));
      assert.deepEqual(
        sources(reply)
          .filter((source: string) => expected.includes(source))
          .sort(),
        expected,
        JSON.stringify([members, reply.body]),
      );
    }
    const id = await makePromotion(it);
    const type = await it.admin('PUT', `/v2/promotions/${id}`, { data: { promotion_type: 'x_for_y' } });
    assert.equal(type.status, 422, 'the schema of one type does not fit another');
  });

  test('are listed in pages, and found by a code', async () => {
    const id = await makePromotion(it);
    const code = randomUUID();
    const codes = { type: 'promotion_codes', codes: [{ code }] };
    await it.admin('POST', `/v2/promotions/${id}/codes`, { data: codes });
    const found = (await it.admin('GET', `/v2/promotions?filter=eq(code,${code})`)).body;
    assert.deepEqual([found.data.map((one: { id: string }) => one.id), found.meta.results.total], [[id], 1]);
    const page = (await it.admin('GET', '/v2/promotions?page[limit]=2&page[offset]=1')).body;
    assert.equal(page.data.length, 2);
    assert.ok(page.meta.results.total > 3);
  });

  test('have attributes, and fields of their flow', async () => {
    await flowNamed(it, 'promotions');
    await fieldOn(it, 'promotions', { slug: 'campaign' });
    const id = await makePromotion(it, { campaign: 'Spring' });
    assert.equal((await it.admin('GET', `/v2/promotions/${id}`)).body.data.campaign, 'Spring');
    const { body } = await it.admin('GET', '/v2/promotions/attributes');
    assert.equal(body.meta.entity, 'promotions');
    assert.ok(body.data.some(({ value }: { value: string }) => value === 'campaign'));
    assert.equal((await it.admin('DELETE', '/v2/flows/promotions')).status, 204);
  });
});

describe('codes of a promotion', () => {
  const path = (id: string, rest = '') => `/v2/promotions/${id}/codes${rest}`;
  const body = (...codes: object[]) => ({ data: { type: 'promotion_codes', codes } });

  test('are added, listed in pages, and deleted, many or one', async () => {
    const id = await makePromotion(it);
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    const added = await it.admin('POST', path(id), body({ code: a }, { code: b, uses: 2, user: 'ada@example.com' }));
    assert.deepEqual([added.status, added.body.data.id, added.body.data.type], [201, id, 'promotion']);
    it.advance(1000);
    await it.admin('POST', path(id), body({ code: c }));
    const listed = (await it.admin('GET', path(id))).body;
    assert.deepEqual(
      listed.data.sort((x: { code: string }, y: { code: string }) => (x.code < y.code ? -1 : 1)),
      [
        { code: a, used: 0 },
        { code: b, uses: 2, user: 'ada@example.com', used: 0 },
        { code: c, used: 0 },
      ].sort((x, y) => (x.code < y.code ? -1 : 1)),
    );
    const last = (await it.admin('GET', path(id, '?page[limit]=2&page[offset]=2'))).body;
    assert.deepEqual([last.data, last.meta.results.total], [[{ code: c, used: 0 }], 3]);
    assert.equal((await it.admin('DELETE', path(id), body({ code: a }, { code: b }))).status, 204);
    assert.equal((await it.admin('DELETE', path(id, `/${c}`))).status, 204);
    assert.deepEqual((await it.admin('GET', path(id))).body.data, []);
    assert.equal((await it.admin('DELETE', path(id, `/${c}`))).status, 404);
    assert.equal((await it.admin('DELETE', path(id), { data: {} })).status, 400);
  });

  test('are unique in the store, and of a limited number; a wrong list adds none', async () => {
    const id = await makePromotion(it);
    const other = await makePromotion(it);
    const code = randomUUID();
    await it.admin('POST', path(other), body({ code }));
    const taken = await it.admin('POST', path(id), body({ code: randomUUID() }, { code }));
    assert.deepEqual([taken.status, sources(taken)], [422, ['data.codes.1.code']]);
    const twice = await it.admin('POST', path(id), body({ code: 'x' }, { code: 'x' }));
    assert.deepEqual([twice.status, sources(twice)], [422, ['data.codes.1.code']]);
    for (const wrong of [{ code: '' }, { code: 'a b' }, { code: 'a/b' }, { code: 'x', uses: 0 }, {}]) {
      assert.equal((await it.admin('POST', path(id), body(wrong))).status, 422, JSON.stringify(wrong));
    }
    const many = Array.from({ length: 1_000 }, () => ({ code: randomUUID() }));
    assert.equal((await it.admin('POST', path(id), body(...many))).status, 201);
    assert.equal((await it.admin('POST', path(id), body({ code: randomUUID() }))).status, 422);
    assert.equal((await it.admin('GET', path(id))).body.meta.results.total, 1_000);
  });

  test('of an automatic promotion: one, its own', async () => {
    const id = await makePromotion(it, { automatic: true });
    assert.deepEqual((await it.admin('GET', path(id))).body.data, [{ code: `auto_${id}` }]);
    assert.equal((await it.admin('POST', path(id), body({ code: randomUUID() }))).status, 422);
    assert.equal((await it.admin('DELETE', `/v2/promotions/${id}`)).status, 204);
  });

  test('are deleted when a promotion that had ended runs again', async () => {
    const ended = new Date(it.shop.now().getTime() - 1000).toISOString();
    const id = await makePromotion(it, { end: ended });
    await it.admin('POST', path(id), body({ code: randomUUID() }));
    assert.equal((await it.admin('PUT', `/v2/promotions/${id}`, { data: { name: 'Still over' } })).status, 200);
    assert.equal((await it.admin('GET', path(id))).body.data.length, 1);
    await it.admin('PUT', `/v2/promotions/${id}`, { data: { end: '2099-01-01' } });
    assert.deepEqual((await it.admin('GET', path(id))).body.data, []);
  });
});
