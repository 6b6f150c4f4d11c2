import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type FakeMesh, type FakeService, startFakeMesh } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

const token = 'a'.repeat(40);
const day = 24 * 3_600_000;
const active = { active: true, client_id: 'tests', identifier: 'client_credentials', scope: '', exp: 4_147_483_647 };
const usd = { code: 'USD', format: '{price}', decimal_point: '.', thousand_separator: ',', decimal_places: 2 };
const twin = {
  ...{ id: '0b0b0b0b-0000-4000-8000-000000000001', slug: 'twin', name: 'Twin', description: '' },
  ...{ field_type: 'relationship', required: false, unique: false, default: null, omit_null: false },
  ...{ validation_rules: [{ type: 'one-to-one', to: 'product' }], target: { plural: 'products', seen_by: 'everyone' } },
};
/** Both flows have one field, and every target exists. */
const flows: FakeService = ({ path }) => ({
  status: 200,
  body: {
    data: path.startsWith('/internal/fields/targets?')
      ? { type: 'product', ids: new URL(path, 'http://flows').searchParams.getAll('id') }
      : { flow: { id: 'f', slug: 'carts' }, fields: [twin] },
  },
});

describe('entries of the flows of carts and lines', () => {
  let mesh: FakeMesh;
  let carts: Instance;
  let nowMs = Date.now();
  before(async () => {
    mesh = await startFakeMesh({
      monolith: () => ({ status: 200, body: active }),
      currencies: () => ({ status: 200, body: { data: [{ ...usd, enabled: true, default: true }] } }),
      promotions: () => ({ status: 200, body: { data: [] } }),
      settings: () => ({ status: 200, body: { data: { page_length: 100 } } }),
      flows,
    });
    carts = await startInstance(mesh.url, {}, () => nowMs);
    await carts.service.ready;
  });
  after(async () => {
    await carts.close();
    mesh.close();
  });

  const call = async (method: string, path: string, data?: unknown, more: Record<string, string> = {}) => {
    const response = await fetch(carts.service.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more },
      ...(data === undefined ? {} : { body: JSON.stringify({ data }) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  const fill = async (cart: string, ...names: string[]): Promise<{ id: string }[]> => {
    const lines = names.map((sku) => ({ type: 'custom_item', name: sku, sku, price: { amount: 100 } }));
    const { status, body } = await call('POST', `/v2/carts/${cart}/items`, lines);
    assert.equal(status, 201, JSON.stringify(body));
    return body.data;
  };
  const entries = async (flow: string, query = 'page[limit]=100'): Promise<string[]> => {
    const { status, body } = await call('GET', `/v2/flows/${flow}/entries?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.data.map(({ id }: { id: string }) => id);
  };
  const pages = async (flow: string, limit: number, count: number) => {
    const all: string[] = [];
    for (let offset = 0; offset < count; offset += limit) {
      all.push(...(await entries(flow, `page[limit]=${limit}&page[offset]=${offset}`)));
    }
    return all;
  };

  test('are listed from the oldest on, then by id, in pages of any length', async () => {
    const early = Array.from({ length: 7 }, () => randomUUID());
    const lines: string[] = [];
    for (const id of early) lines.push(...(await fill(id, 'a', 'b')).map((line) => line.id));
    nowMs += 1;
    const late = [randomUUID(), randomUUID()];
    for (const id of late) await fill(id, 'a');
    const expected = [...early.toSorted(), ...late.toSorted()];
    assert.deepEqual(await entries('carts'), expected);
    for (const limit of [1, 2, 3, 5]) assert.deepEqual(await pages('carts', limit, 9), expected, `${limit} a page`);
    assert.deepEqual((await pages('cart_items', 3, 16)).slice(0, 14), lines.toSorted());
    const { body } = await call('GET', '/v2/flows/cart_items/entries?page[limit]=1');
    assert.deepEqual([body.meta.results.total, body.meta.page.total], [16, 16]);
    for (const id of [...early, ...late]) assert.equal((await call('DELETE', `/v2/carts/${id}`)).status, 204);
    assert.deepEqual([await entries('carts'), await entries('cart_items')], [[], []], 'gone with their cart');
  });

  test('of lines follow their cart: removed, merged, and used again after it has expired', async () => {
    const id = randomUUID();
    const [a, b] = (await fill(id, 'a', 'b')) as [{ id: string }, { id: string }];
    await call('DELETE', `/v2/carts/${id}/items/${a.id}`);
    assert.deepEqual(await entries('cart_items'), [b.id]);
    assert.equal((await call('GET', `/v2/flows/cart_items/entries/${a.id}`)).status, 404);
    nowMs += 6 * day;
    await fill(id, 'c');
    nowMs += 6 * day;
    assert.equal((await entries('cart_items')).length, 2, 'each change of the cart keeps all its lines');
    nowMs += 2 * day;
    assert.equal((await call('GET', `/v2/flows/cart_items/entries/${b.id}`)).status, 404);
    const [fresh] = await fill(id, 'd');
    assert.deepEqual([await entries('cart_items'), await entries('carts')], [[fresh?.id], [id]]);
    const keys = await Promise.all(
      ['line_created', 'line_until'].map((key) => carts.server.client.zcard(`{${carts.server.tag}}:${key}`)),
    );
    assert.deepEqual([...keys, await carts.server.client.hlen(`{${carts.server.tag}}:line_cart`)], [1, 1, 1]);
    await call('DELETE', `/v2/carts/${id}`);
  });

  test('of a store from before there were indexes of lines are found at the next start', async () => {
    const made = await Promise.all(Array.from({ length: 120 }, () => fill(randomUUID(), 'a', 'b')));
    const before = await pages('cart_items', 100, 240);
    assert.equal(new Set(before).size, 240);
    const { client, tag } = carts.server;
    await client.del(...['line_created', 'line_until', 'line_cart', 'lines_indexed'].map((key) => `{${tag}}:${key}`));
    assert.deepEqual(await entries('cart_items'), []);
    await carts.service.store.applySchema();
    assert.deepEqual(await pages('cart_items', 100, 240), before);
    const [[line] = []] = made;
    assert.equal((await call('GET', `/v2/flows/cart_items/entries/${line?.id}`)).status, 200);
    nowMs += 8 * day;
    assert.deepEqual(await entries('cart_items'), [], 'they expire like all others');
  });

  test('change the entity; to unset the values is no change of it', async () => {
    const id = randomUUID();
    const [line] = (await fill(id, 'a')) as [{ id: string }];
    const one = `/v2/flows/cart_items/entries/${line.id}`;
    const times = async () => {
      const [lines, cart] = [await call('GET', `/v2/carts/${id}/items`), await call('GET', `/v2/carts/${id}`)];
      return [lines.body.data[0], cart.body.data].map(({ meta }) => Date.parse(meta.timestamps.updated_at));
    };
    nowMs += 1_000;
    const link = { type: 'product', id: randomUUID() };
    assert.equal((await call('PUT', `${one}/relationships/twin`, link)).status, 200);
    assert.deepEqual(await times(), [nowMs, nowMs]);
    nowMs += 1_000;
    assert.equal((await call('DELETE', one)).status, 204);
    assert.deepEqual(await times(), [nowMs - 1_000, nowMs - 1_000]);
    assert.equal((await call('GET', one)).body.data.relationships.twin.data, null);
  });

  test('and carts are shown without what their links lead to while its owner is away, and say so', async () => {
    const id = randomUUID();
    const [line] = (await fill(id, 'a')) as [{ id: string }];
    const link = { type: 'product', id: randomUUID() };
    for (const one of [`/v2/carts/${id}`, `/v2/carts/${id}/items/${line.id}`]) {
      assert.equal((await call('PUT', `${one}/relationships/twin`, link)).status, 200);
    }
    const paths = [`/v2/carts/${id}`, `/v2/carts/${id}/items`, `/v2/flows/carts/entries/${id}`];
    for (const path of paths) {
      const { status, headers, body } = await call('GET', `${path}?include=twin`);
      assert.deepEqual([status, headers.get('x-banyan-missing'), body.included], [200, 'products', undefined], path);
    }
    mesh.services.products = () => ({ status: 200, body: { data: [{ id: link.id }] } });
    for (const path of paths) {
      const { headers, body } = await call('GET', `${path}?include=twin`);
      assert.deepEqual([headers.get('x-banyan-missing'), body.included.products], [null, [{ id: link.id }]], path);
    }
    delete mesh.services.products;
  });

  test('of lines are set once by requests with one key, which have the first reply after the line is gone, too', async () => {
    const id = randomUUID();
    const [line] = (await fill(id, 'a', 'b')) as [{ id: string }];
    const key = { 'idempotency-key': randomUUID() };
    const send = () => call('POST', '/v2/flows/cart_items/entries', { type: 'entry', id: line.id }, key);
    const first = await send();
    assert.equal(first.status, 201, JSON.stringify(first.body));
    nowMs += 1_000;
    assert.deepEqual((await send()).body, first.body);
    await call('DELETE', `/v2/carts/${id}/items/${line.id}`);
    assert.deepEqual((await send()).body, first.body);
    await call('DELETE', `/v2/carts/${id}`);
    assert.deepEqual((await send()).body, first.body);
    const other = { 'idempotency-key': randomUUID() };
    for (const missing of [line.id, 'x']) {
      const reply = await call('POST', '/v2/flows/cart_items/entries', { type: 'entry', id: missing }, other);
      assert.equal(reply.status, 404);
    }
  });

  test('an id that is none is not found', async () => {
    for (const id of ['x', randomUUID(), 'y'.repeat(200), '%F0%9F%98%80']) {
      for (const flow of ['carts', 'cart_items']) {
        assert.equal((await call('GET', `/v2/flows/${flow}/entries/${id}`)).status, 404, `${flow} ${id}`);
        assert.equal((await call('PUT', `/v2/flows/${flow}/entries/${id}`, {})).status, 404, `${flow} ${id}`);
      }
    }
    assert.equal((await call('GET', '/v2/flows/carts/entries/a%00b')).status, 400);
  });
});
