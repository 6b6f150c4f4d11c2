import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Api, openApi } from './api.ts';
import { everySecondRequest } from './both-sides.ts';
import { sampleAddress, signUp } from './buyers.ts';
import { custom, fill } from './carts-goods.ts';
import { addField, entry, entryCases, withFlow } from './entries.ts';
import { fieldIncludeCases } from './field-includes.ts';
import { makeBrand } from './goods.ts';
import { brands, carts, customers, flows } from './moved-services.ts';

describe('after all writes of entries, both sides have the same digests', () => {
  for (const moved of [brands, carts, customers]) {
    for (const owner of ['monolith', 'service'] as const) {
      test(`while the ${owner} owns ${moved.name}`, async () => {
        const side = await everySecondRequest(moved, owner);
        try {
          const cases = [...entryCases, ...fieldIncludeCases];
          for (const { run } of cases) await run(openApi({ ...side, tag: randomUUID() }));
          const { clean, compared } = await side.parity();
          assert.deepEqual([clean, compared > 1], [true, true]);
        } finally {
          await side.close();
        }
      });
    }
  }
});

describe('an Idempotency-Key of an entry is the same after a move there and back, under both names of the flow', () => {
  /** What an entry is of: the side that moves, and how one is made. */
  const kinds: [slug: string, moved: typeof brands, make: (api: Api) => Promise<string>][] = [
    ['brands', brands, makeBrand],
    ['carts', carts, makeCart],
    ['cart_items', carts, makeLine],
    ['customers', customers, async (api) => (await signUp(api)).id],
    ['addresses', customers, makeAddress],
  ];
  for (const [slug, moved, make] of kinds) {
    test(`of ${slug}`, async () => {
      const side = await everySecondRequest(moved, 'monolith');
      try {
        const api = openApi({ ...side, tag: randomUUID() });
        const id = await make(api);
        await withFlow(api, slug, async (flow) => {
          await addField(api, flow, 'note');
          const post = (name: string, key: string, note = key) =>
            api.admin('POST', `/v2/flows/${name}/entries`, entry({ id, note }), { 'idempotency-key': key });
          const first = await post(flow, 'on-the-monolith');
          assert.equal(first.status, 201, JSON.stringify(first.body));
          await side.switchTo('service');
          for (const name of [slug, flow, slug, flow]) {
            assert.deepEqual((await post(name, 'on-the-monolith')).body, first.body, name);
          }
          const second = await post(flow, 'on-the-service');
          assert.equal(second.status, 201, JSON.stringify(second.body));
          await side.switchTo('monolith');
          for (const name of [slug, flow, slug, flow]) {
            assert.deepEqual((await post(name, 'on-the-service')).body, second.body, name);
            assert.equal((await post(name, 'on-the-service', 'another body')).status, 422);
          }
          assert.equal((await api.admin('GET', `/v2/flows/${slug}/entries/${id}`)).body.data.note, 'on-the-service');
          assert.equal((await side.parity()).clean, true);
        });
      } finally {
        await side.close();
      }
    });
  }
});

test('an Idempotency-Key of an entry of a flow that a merchant defined is the same after a move there and back', async () => {
  const side = await everySecondRequest(flows, 'monolith');
  try {
    const api = openApi({ ...side, tag: randomUUID() });
    const slug = `keyed-${api.tag}`;
    await withFlow(api, slug, async (flow) => {
      await addField(api, flow, 'note');
      const list = `/v2/flows/${slug}/entries`;
      const post = (path: string, key: string, note = key) =>
        api.admin('POST', path, entry({ note }), { 'idempotency-key': key });
      const first = await post(list, 'on-the-monolith');
      const byId = await post(`/v2/flows/${flow}/entries`, 'by-id');
      assert.deepEqual([first.status, byId.status], [201, 201], JSON.stringify([first.body, byId.body]));
      await side.switchTo('service');
      for (let twice = 0; twice < 2; twice += 1) {
        assert.deepEqual((await post(list, 'on-the-monolith')).body, first.body);
        assert.deepEqual((await post(`/v2/flows/${flow}/entries`, 'by-id')).body, byId.body);
      }
      const second = await post(list, 'on-the-service');
      assert.equal(second.status, 201, JSON.stringify(second.body));
      await side.switchTo('monolith');
      for (let twice = 0; twice < 2; twice += 1) {
        assert.deepEqual((await post(list, 'on-the-service')).body, second.body);
        assert.equal((await post(list, 'on-the-service', 'another body')).status, 422);
      }
      assert.equal((await api.admin('GET', list)).body.meta.results.total, 3);
      assert.equal((await side.parity()).clean, true);
    });
  } finally {
    await side.close();
  }
});

async function makeCart(api: Api): Promise<string> {
  const id = randomUUID();
  await fill(api, `/v2/carts/${id}`, custom({ sku: 'a' }));
  return id;
}

async function makeLine(api: Api): Promise<string> {
  const [line] = await fill(api, `/v2/carts/${randomUUID()}`, custom({ sku: 'a' }));
  return line.id;
}

async function makeAddress(api: Api): Promise<string> {
  const { id } = await signUp(api);
  const data = { type: 'address', ...sampleAddress };
  return (await api.admin('POST', `/v2/customers/${id}/addresses`, { data })).body.data.id;
}
