import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Case } from './api.ts';
import { coreFieldCases } from './flows-core.ts';
import { entryCases } from './flows-entries.ts';
import { fieldCases } from './flows-fields.ts';
import { makeFlow, sources } from './flows-goods.ts';
import { flowHostileCases } from './flows-hostile.ts';
import { entryLinkCases } from './flows-links.ts';

export const flowCases: Case[] = [
  {
    name: 'flows are made, listed, changed and deleted, by id or by slug',
    run: async ({ admin, shopper, tag }) => {
      const slug = `recipes-${tag}`;
      const flow = { type: 'flow', name: 'Recipes', slug, description: 'D', enabled: true };
      const made = await admin('POST', '/v2/flows', { data: flow });
      assert.equal(made.status, 201);
      const { id, links, meta, ...rest } = made.body.data;
      assert.deepEqual(rest, { ...flow, relationships: {} });
      assert.equal(new URL(links.self).pathname, `/v2/flows/${id}`);
      assert.equal(meta.timestamps.created_at, meta.timestamps.updated_at);
      assert.equal((await admin('GET', `/v2/flows/${slug}`)).body.data.id, id);
      assert.equal((await shopper('GET', `/v2/flows/${id}`)).status, 200);
      const listed = (await admin('GET', '/v2/flows')).body.data;
      assert.ok(listed.some((one: { id: string }) => one.id === id));
      const changed = await admin('PUT', `/v2/flows/${id}`, { data: { type: 'flow', id, name: 'Dishes' } });
      assert.deepEqual([changed.status, changed.body.data.name, changed.body.data.slug], [200, 'Dishes', slug]);
      const other = await admin('PUT', `/v2/flows/${slug}`, { data: { id: randomUUID() } });
      assert.deepEqual([other.status, sources(other)], [422, ['data.id']]);
      assert.equal((await admin('DELETE', `/v2/flows/${id}`)).status, 204);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        for (const unknown of [id, slug, randomUUID()]) {
          const body = method === 'PUT' ? { data: {} } : undefined;
          assert.equal((await admin(method, `/v2/flows/${unknown}`, body)).status, 404, method);
        }
      }
    },
  },
  {
    name: 'flows refuse each wrong member, a taken slug, and the name of another resource',
    run: async (api) => {
      const { admin, shopper, tag } = api;
      const none = await admin('POST', '/v2/flows', { data: { type: 'flow' } });
      assert.deepEqual(sources(none).sort(), ['data.description', 'data.enabled', 'data.name', 'data.slug']);
      const taken = `taken-${tag}`;
      await makeFlow(api, taken);
      const flow = { type: 'flow', name: 'F', slug: taken, description: '', enabled: true };
      for (const slug of [taken, 'currencies', 'currency', 'product', 'two words', '9lives', '__proto__']) {
        const reply = await admin('POST', '/v2/flows', { data: { ...flow, slug } });
        assert.deepEqual([reply.status, sources(reply)], [422, ['data.slug']], slug);
      }
      assert.equal((await shopper('POST', '/v2/flows', { data: { ...flow, slug: 'mine' } })).status, 403);
      for (const method of ['PUT', 'DELETE']) {
        assert.equal((await shopper(method, `/v2/flows/${taken}`, { data: {} })).status, 403, method);
      }
    },
  },
  {
    name: 'flows of core entities keep their slug; another slug moves with its entries',
    run: async (api) => {
      const { admin, tag } = api;
      const flow = await makeFlow(api, 'promotions');
      try {
        const moved = await admin('PUT', '/v2/flows/promotions', { data: { slug: `offers-${tag}` } });
        assert.deepEqual([moved.status, sources(moved)], [422, ['data.slug']]);
      } finally {
        await admin('DELETE', `/v2/flows/${flow}`);
      }
      await makeFlow(api, `old-${tag}`);
      const made = await admin('POST', `/v2/flows/old-${tag}/entries`, { data: { type: 'entry' } });
      assert.equal((await admin('PUT', `/v2/flows/old-${tag}`, { data: { slug: `new-${tag}` } })).status, 200);
      assert.equal((await admin('GET', `/v2/flows/old-${tag}/entries`)).status, 404);
      assert.equal((await admin('GET', `/v2/flows/new-${tag}/entries`)).body.data[0].id, made.body.data.id);
    },
  },
  ...fieldCases,
  ...entryCases,
  ...entryLinkCases,
  ...coreFieldCases,
  ...flowHostileCases,
];
