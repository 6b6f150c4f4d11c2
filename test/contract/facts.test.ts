import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type FactsBroker, openFactsBroker, until } from '@banyan/kit/testing';
import { type Api, openApi } from './api.ts';
import { allOnService, type MovingSide, type ShopEvent } from './both-sides.ts';
import { sampleAddress } from './buyers.ts';
import { custom, fill } from './carts-goods.ts';
import { addField, withFlow } from './entries.ts';
import { makeProduct } from './goods.ts';
import { brands, carts, categories, collections, currencies, customers, files, settings } from './moved-services.ts';
import { plainPng, sendForm, upload } from './uploads.ts';

/** Writes of a resource, one after the other. */
interface Case {
  moved: typeof brands;
  /** The entity of its events. */
  entity: string;
  /** Fewer than the writes: the service tells of each, and the monolith of what has come back together. */
  least: number;
  writes(api: Api, settled: () => Promise<void>): Promise<void>;
}

/** Groups of products, which change with their family. */
const groupsCase = (moved: typeof brands, entity: string): Case => ({
  moved,
  entity,
  least: 5,
  writes: async (api, settled) => {
    const path = `/v2/${moved.name}`;
    const make = async (name: string) => {
      const data = { type: entity, name, slug: randomUUID(), description: 'é \u{1f600} "', status: 'live' };
      const { body } = await api.admin('POST', path, { data });
      await settled();
      return body.data.id as string;
    };
    const [parent, child] = [await make('Parent'), await make('Child')];
    await api.admin('PUT', `${path}/${child}`, { data: { name: 'Renamed', status: 'draft' } });
    await settled();
    const under = { data: [{ type: entity, id: child }] };
    await api.admin('POST', `${path}/${parent}/relationships/children`, under);
    await settled();
    await api.admin('DELETE', `${path}/${parent}`);
    await settled();
  },
});

const cases: Case[] = [
  groupsCase(brands, 'brand'),
  groupsCase(categories, 'category'),
  groupsCase(collections, 'collection'),
  {
    moved: currencies,
    entity: 'currency',
    least: 5,
    writes: async (api, settled) => {
      const data = { code: 'EUR', format: '{price} é', exchange_rate: 0.000021, default: true };
      const { body } = await api.admin('POST', '/v2/currencies', { data });
      await settled();
      const before = (await api.admin('GET', '/v2/currencies')).body.data as { id: string; code: string }[];
      const dollars = before.find(({ code }) => code === 'USD')?.id;
      await api.admin('PUT', `/v2/currencies/${dollars}`, { data: { default: true, decimal_places: 3 } });
      await settled();
      await api.admin('DELETE', `/v2/currencies/${body.data.id}`);
      await settled();
    },
  },
  {
    moved: carts,
    entity: 'cart',
    least: 4,
    writes: async (api, settled) => {
      const product = await makeProduct(api);
      const cart = `/v2/carts/${randomUUID()}`;
      const [line] = await fill(api, cart, custom({ sku: 'é \u{1f600}', tax: [{ type: 'tax_item', rate: 0.1 }] }));
      await settled();
      await fill(api, cart, { data: { type: 'cart_item', id: product, quantity: 3 } });
      await settled();
      await api.admin('DELETE', `${cart}/items/${line.id}`);
      await settled();
      await api.admin('PUT', cart, { data: { name: 'Named', description: 'D' } });
      await settled();
      await api.admin('DELETE', cart);
      await settled();
    },
  },
  ...(['customer', 'address'] as const).map((entity) => ({
    ...{ moved: customers, entity, least: 3 },
    writes: writeCustomers,
  })),
  {
    moved: files,
    entity: 'file',
    least: 5,
    writes: async (api, settled) => {
      const ids: string[] = [];
      for (const [content, name, isPublic] of [
        [plainPng(3, 2), 'Rot \u{1f600} é.PNG', true],
        ['<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"/>', 'a.svg', true],
        ['hidden', 'a.txt', false],
      ] as const) {
        ids.push(await upload(api, content, name, isPublic));
        await settled();
      }
      await sendForm(api, [{ name: 'file_location', value: 'https://images.example/a/Blue%20Chair.JPEG?size=2' }]);
      await settled();
      await api.admin('DELETE', `/v2/files/${ids[0]}`);
      await settled();
    },
  },
  {
    moved: settings,
    entity: 'settings',
    least: 3,
    writes: async (api, settled) => {
      // The last one sets what is set already.
      for (const change of [{ page_length: 7, additional_languages: ['fr'] }, { calculation_method: 'line' }, {}]) {
        await api.admin('PUT', '/v2/settings', { data: { type: 'settings', ...change } });
        await settled();
      }
    },
  },
];

/** With a field of each, which facts show as replies do. */
async function writeCustomers(api: Api, settled: () => Promise<void>): Promise<void> {
  const { admin } = api;
  const send = async (method: string, path: string, data?: object) => {
    const { status, body } = await admin(method, path, data && { data });
    assert.ok(status < 300, `${method} ${path}: ${JSON.stringify(body)}`);
    await settled();
    return body?.data;
  };
  await withFlow(api, 'customers', async (flow) => {
    await addField(api, flow, 'nick');
    const email = `${randomUUID()}@example.com`;
    const made = { type: 'customer', name: 'é \u{1f600} "', email, nick: 'A' };
    const customer = `/v2/customers/${(await send('POST', '/v2/customers', made)).id}`;
    await withFlow(api, 'addresses', async (other) => {
      await addField(api, other, 'door', { omit_null: true });
      const data = { type: 'address', ...sampleAddress, door: 'B' };
      const one = `${customer}/addresses/${(await send('POST', `${customer}/addresses`, data)).id}`;
      await send('PUT', one, { city: 'Leeds', door: null });
      await send('PUT', customer, { name: 'Ada', password: 'secret', nick: 'C' });
      await send('DELETE', one);
      await send('POST', `${customer}/addresses`, data);
      await send('DELETE', customer);
    });
  });
}

/** An event as a fact tells it: a deleted entity has no state. */
const toldBy = ({ id, key, entity_id, resources }: ShopEvent) =>
  JSON.stringify({ id, type: key, aggregateId: entity_id, state: key.endsWith('.deleted') ? null : resources });

for (const { moved, entity, least, writes } of cases) {
  describe(`facts about ${moved.name}, which move`, () => {
    let facts: FactsBroker;
    let side: MovingSide;
    let api: Api;
    before(async () => {
      facts = await openFactsBroker();
      side = await allOnService(moved, facts.env);
      api = openApi({ ...side, tag: randomUUID() });
    });
    after(async () => {
      await side.close();
      await facts.drop();
    });
    const events = async () => (await side.shopEvents()).filter(({ key }) => key.startsWith(`${entity}.`));
    /** Without repetitions, of the entity. */
    const received = () => {
      const mine = facts.received.filter(({ type }) => type.startsWith(`${entity}.`));
      return [...new Map(mine.map((event) => [event.id, event])).values()];
    };
    const ordered = (texts: readonly string[]) => texts.toSorted();

    /** Both sides have the change, and the monolith has planned what it tells of it: a cart is shown then. */
    const settled = async () => {
      await side.settle?.();
      await until('all events to be planned', async () =>
        (await side.shopEvents()).every((event) => event.dispatched_at),
      );
    };

    test('are the same, by id and by body, whether the service or its copy in the monolith tells of them', async () => {
      await writes(api, settled);
      const told = await events();
      assert.ok(told.length >= least, `${told.length} events`);
      await until('all facts', () => received().length >= told.length);
      assert.deepEqual(
        ordered(received().map(({ id, type, aggregateId, state }) => JSON.stringify({ id, type, aggregateId, state }))),
        ordered(told.map(toldBy)),
      );
    });

    test('are published by the monolith while it owns them, and are newer than those of the service', async () => {
      const newest = Math.max(...received().map(({ aggregateVersion }) => aggregateVersion));
      const earlier = new Set((await events()).map(({ id }) => id));
      facts.received.length = 0;
      await side.switchTo('monolith');
      await writes(api, settled);
      const told = (await events()).filter(({ id }) => !earlier.has(id));
      await until('all facts', () => received().length >= told.length);
      assert.deepEqual(
        received().map(({ id, type, aggregateId, state }) => JSON.stringify({ id, type, aggregateId, state })),
        told.map(toldBy),
      );
      const versions = received().map(({ aggregateVersion }) => aggregateVersion);
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
      assert.ok((versions[0] ?? 0) > newest);
    });
  });
}
