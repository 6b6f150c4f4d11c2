import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { sampleAddress } from './buyers.ts';
import { custom, fill, makeCustomer } from './carts-goods.ts';
import { ids, makeBrand, makeProduct } from './goods.ts';

/**
 * Runs `work` while a flow exists that is known to the owner of its entities. Flows belong to the whole shop. A seeded shop may
 * have this one: then it stays, without the fields that `work` adds.
 */
export async function withFlow(api: Api, slug: string, work: (flow: string) => Promise<void>): Promise<void> {
  const data = { type: 'flow', name: slug, slug, description: '', enabled: true };
  const { status, body } = await api.admin('POST', '/v2/flows', { data });
  if (status === 422) return withSeededFlow(api, slug, work);
  assert.equal(status, 201, JSON.stringify(body));
  try {
    await work(body.data.id);
  } finally {
    await api.admin('DELETE', `/v2/flows/${body.data.id}`);
  }
}

async function withSeededFlow({ admin }: Api, slug: string, work: (flow: string) => Promise<void>): Promise<void> {
  const { data } = (await admin('GET', '/v2/flows?page[limit]=100')).body;
  const flow = data.find((one: { slug: string }) => one.slug === slug);
  assert.ok(flow, slug);
  const fields = async () => ids(await admin('GET', `/v2/flows/${slug}/fields?page[limit]=100`));
  const seeded = await fields();
  try {
    await work(flow.id);
  } finally {
    for (const id of await fields()) if (!seeded.includes(id)) await admin('DELETE', `/v2/fields/${id}`);
  }
}

export async function addField({ admin }: Api, flow: string, slug: string, members: object = {}): Promise<void> {
  const data = {
    ...{ type: 'field', name: slug, slug, field_type: 'string', description: '', required: false, ...members },
    relationships: { flow: { data: { type: 'flow', id: flow } } },
  };
  const { status, body } = await admin('POST', '/v2/fields', { data });
  assert.equal(status, 201, JSON.stringify(body));
}

export const to = (type: string, target: string) => ({
  field_type: 'relationship',
  validation_rules: [{ type, to: target }],
});
export const entry = (members: object) => ({ data: { type: 'entry', ...members } });
const newestOf = async ({ admin }: Api, list: string) => {
  const { total } = (await admin('GET', `${list}?page[limit]=1`)).body.meta.results;
  return ids(await admin('GET', `${list}?page[limit]=1&page[offset]=${total - 1}`));
};

/** What holds for the entries of every core flow, whichever name of the flow is in the path. */
async function writeEntry(api: Api, list: string, { id, entity }: { id: string; entity: string }): Promise<void> {
  const { admin, shopper } = api;
  const one = `${list}/${id}`;
  const made = await admin('POST', list, entry({ id, note: 'made' }));
  assert.deepEqual([made.status, made.body.data?.note], [201, 'made'], JSON.stringify(made.body));
  assert.match(made.body.data.links.self, /\/v2\/flows\/[a-z_]+\/entries\//, 'links have the slug');
  const read = (await admin('GET', one)).body.data;
  assert.deepEqual([read.id, read.type, read.note], [id, 'entry', 'made']);
  const changed = await admin('PUT', `${one}?unused=1`, entry({ note: 'é \u{1f600}' }));
  assert.deepEqual([changed.status, changed.body.data?.note], [200, 'é \u{1f600}']);
  const product = await makeProduct(api);
  const links = { data: [{ type: 'product', id: product }] };
  const linked = await admin('POST', `${one}/relationships/goes_with`, links);
  assert.deepEqual([linked.status, linked.body], [201, links]);
  assert.deepEqual((await admin('PUT', `${one}/relationships/goes_with`, links)).body, links);
  const shown = (await admin('GET', `${one}?include=goes_with`)).body;
  assert.deepEqual(
    [shown.data.relationships.goes_with, ids({ ...made, body: { data: shown.included.products } })],
    [links, [product]],
  );
  assert.equal((await admin('DELETE', `${one}/relationships/goes_with`, links)).status, 204);
  for (const [method, path, body, status] of [
    ['POST', list, entry({ id, note: 5 }), 422],
    ['POST', list, entry({}), 422],
    ['POST', list, { data: { type: 'other', id } }, 422],
    ['POST', list, entry({ id: randomUUID() }), 404],
    ['PUT', `${list}/${randomUUID()}`, entry({}), 404],
    ['PUT', one, entry({ id: randomUUID() }), 422],
    ['DELETE', `${list}/${randomUUID()}`, undefined, 404],
    ['POST', `${one}/relationships/none`, links, 404],
    ['POST', `${one}/relationships/goes_with`, { data: [{ type: 'product', id: randomUUID() }] }, 404],
  ] as const) {
    const reply = await admin(method, path, body);
    assert.equal(reply.status, status, `${method} ${path} ${JSON.stringify([body, reply.body])}`);
  }
  assert.equal((await shopper('PUT', one, entry({ note: 'x' }))).status, 403);
  assert.equal((await admin('GET', entity)).status, 200);
  assert.equal((await admin('DELETE', one)).status, 204);
  const gone = (await admin('GET', one)).body.data;
  assert.deepEqual([gone.note, gone.relationships.goes_with.data], [null, []], 'the values go, and the entity stays');
}

/** An entry is no one's but the administrators', not even the customer's own. */
async function forAdministrators(
  { admin, shopper }: Api,
  one: string,
  as: Readonly<Record<string, string>>,
): Promise<void> {
  const detail = 'These entries need client credentials';
  assert.equal((await shopper('GET', one)).body.errors[0].detail, detail);
  assert.equal((await shopper('GET', one, undefined, as)).status, 403);
  assert.equal((await admin('GET', one, undefined, as)).status, 403);
  assert.equal((await admin('PUT', one, entry({}), as)).status, 403);
}

/** Both names of a flow: its slug, and its id. */
const bothNames = (slug: string, flow: string) => [slug, flow].map((name) => `/v2/flows/${name}/entries`);

async function addFields(api: Api, flow: string, probe: string): Promise<void> {
  await addField(api, flow, 'note', { order: 1 });
  await addField(api, flow, 'goes_with', { order: 2, ...to('one-to-many', 'product') });
  await api.eventually(probe, ({ status, body }) => status === 200 && 'goes_with' in (body.data.relationships ?? {}));
}

/**
 * A key acts once under both names of a flow, and a repetition has the first reply, whatever happened since. Returns what
 * repeats it once more.
 */
async function repeatEntry(
  api: Api,
  [slug, flow]: readonly [string, string],
  id: string,
): Promise<() => Promise<void>> {
  const one = `/v2/flows/${slug}/entries/${id}`;
  const key = { 'idempotency-key': randomUUID() };
  const keyed = (name: string, note: string) =>
    api.admin('POST', `/v2/flows/${name}/entries`, entry({ id, note }), key);
  const first = await keyed(flow, 'first');
  assert.equal(first.status, 201, JSON.stringify(first.body));
  assert.deepEqual((await keyed(slug, 'first')).body, first.body, 'the key is the same under both names');
  await api.admin('PUT', one, entry({ note: 'later' }));
  assert.deepEqual((await keyed(flow, 'first')).body, first.body, 'the reply is repeated, and not the work');
  assert.equal((await api.admin('GET', one)).body.data.note, 'later');
  assert.equal((await keyed(slug, 'other')).body.errors[0].title, 'Idempotency-Key reused');
  return async () => {
    for (const name of [slug, flow]) assert.deepEqual((await keyed(name, 'first')).body, first.body);
  };
}

export const entryCases: Case[] = [
  {
    name: 'brands are the entries of their flow, by its slug and by its id',
    run: async (api) => {
      const id = await makeBrand(api);
      await withFlow(api, 'brands', async (flow) => {
        await addFields(api, flow, `/v2/flows/brands/entries/${id}`);
        for (const list of bothNames('brands', flow)) {
          await writeEntry(api, list, { id, entity: `/v2/brands/${id}` });
          assert.equal((await api.shopper('GET', `${list}/${id}`)).body.data.id, id);
          assert.deepEqual(await newestOf(api, list), [id]);
        }
        await repeatEntry(api, ['brands', flow], id);
      });
    },
  },
  {
    name: 'carts are the entries of their flow, by its slug and by its id, for administrators',
    run: async (api) => {
      const id = randomUUID();
      await fill(api, `/v2/carts/${id}`, custom({ sku: 'a' }));
      await withFlow(api, 'carts', async (flow) => {
        await addFields(api, flow, `/v2/flows/carts/entries/${id}`);
        const { as } = await makeCustomer(api);
        for (const list of bothNames('carts', flow)) {
          await writeEntry(api, list, { id, entity: `/v2/carts/${id}` });
          assert.deepEqual(await newestOf(api, list), [id]);
          const detail = 'These entries need client credentials';
          assert.equal((await api.shopper('GET', list)).body.errors[0].detail, detail);
          assert.equal((await api.shopper('GET', `${list}/${id}`)).status, 403);
          assert.equal((await api.admin('GET', `${list}/${id}`, undefined, as)).status, 403);
          assert.equal((await api.admin('PUT', `${list}/${id}`, entry({}), as)).status, 403);
          assert.equal((await api.admin('PUT', `${list}/${id}/relationships/goes_with`, { data: [] }, as)).status, 403);
        }
        await repeatEntry(api, ['carts', flow], id);
        await api.admin('PUT', `/v2/flows/carts/entries/${id}`, entry({ note: 'seen in the cart' }));
        const cart = (await api.shopper('GET', `/v2/carts/${id}?include=items`)).body;
        assert.deepEqual([cart.data.note, cart.included.items.length], ['seen in the cart', 1]);
      });
    },
  },
  {
    name: 'lines of carts are the entries of their flow, by its slug and by its id, for administrators',
    run: async (api) => {
      const cart = `/v2/carts/${randomUUID()}`;
      const [, { id }] = (await fill(api, cart, { data: [custom({ sku: 'a' }).data, custom({ sku: 'b' }).data] })) as [
        unknown,
        { id: string },
      ];
      await withFlow(api, 'cart_items', async (flow) => {
        await addFields(api, flow, `/v2/flows/cart_items/entries/${id}`);
        for (const list of bothNames('cart_items', flow)) {
          await writeEntry(api, list, { id, entity: cart });
          assert.equal((await api.shopper('GET', list)).status, 403);
          assert.equal((await api.admin('GET', `${list}/${id.toUpperCase()}`)).body.data.id, id);
        }
        const repeat = await repeatEntry(api, ['cart_items', flow], id);
        await api.admin('PUT', `/v2/flows/${flow}/entries/${id}`, entry({ note: 'seen in the line' }));
        assert.equal((await api.shopper('GET', `${cart}/items`)).body.data[1].note, 'seen in the line');
        assert.equal((await api.admin('DELETE', `${cart}/items/${id}`)).status, 200);
        for (const list of bothNames('cart_items', flow)) {
          assert.equal((await api.admin('GET', `${list}/${id}`)).status, 404, 'the line is gone');
          assert.equal((await api.admin('PUT', `${list}/${id}`, entry({}))).status, 404);
        }
        await repeat();
        assert.equal((await api.admin('DELETE', cart)).status, 204);
        await repeat();
      });
    },
  },
  {
    name: 'customers are the entries of their flow, by its slug and by its id, for administrators',
    run: async (api) => {
      const { id, as } = await makeCustomer(api);
      const entity = `/v2/customers/${id}`;
      await withFlow(api, 'customers', async (flow) => {
        await addFields(api, flow, `/v2/flows/customers/entries/${id}`);
        for (const list of bothNames('customers', flow)) {
          await writeEntry(api, list, { id, entity });
          assert.deepEqual(await newestOf(api, list), [id]);
          await forAdministrators(api, `${list}/${id}`, as);
        }
        const repeat = await repeatEntry(api, ['customers', flow], id);
        await api.admin('PUT', `/v2/flows/${flow}/entries/${id}`, entry({ note: 'seen in the customer' }));
        assert.equal((await api.shopper('GET', entity, undefined, as)).body.data.note, 'seen in the customer');
        assert.equal((await api.admin('DELETE', entity)).status, 204);
        await repeat();
      });
    },
  },
  {
    name: 'addresses are the entries of their flow, by its slug and by its id, for administrators',
    run: async (api) => {
      const { id: customer, as } = await makeCustomer(api);
      const addresses = `/v2/customers/${customer}/addresses`;
      const made = await api.shopper('POST', addresses, { data: { type: 'address', ...sampleAddress } }, as);
      const { id } = made.body.data;
      const entity = `${addresses}/${id}`;
      await withFlow(api, 'addresses', async (flow) => {
        await addFields(api, flow, `/v2/flows/addresses/entries/${id}`);
        for (const list of bothNames('addresses', flow)) {
          await writeEntry(api, list, { id, entity });
          assert.deepEqual(await newestOf(api, list), [id]);
          await forAdministrators(api, `${list}/${id}`, as);
        }
        const repeat = await repeatEntry(api, ['addresses', flow], id);
        await api.admin('PUT', `/v2/flows/${flow}/entries/${id}`, entry({ note: 'seen in the address' }));
        assert.equal((await api.shopper('GET', entity, undefined, as)).body.data.note, 'seen in the address');
        assert.equal((await api.shopper('DELETE', entity, undefined, as)).status, 204);
        await repeat();
      });
    },
  },
];
