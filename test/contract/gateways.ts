import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';

const path = '/v2/gateways';

/** The settings of each gateway, with a value. */
const settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  adyen: { username: 'u', password: 'p', merchant_account: 'm', test: true },
  authorize_net: { login: 'l', password: 'p', test: true },
  braintree: { environment: 'sandbox', merchant_id: 'm', public_key: 'k', private_key: 'p' },
  card_connect: { merchant_id: 'm', username: 'u', password: 'p', test: true },
  cyber_source: { login: 'l', password: 'p', test: false },
  manual: {},
  stripe: { login: 'sk_test' },
  stripe_payment_intents: { login: 'sk_test' },
};

const put = ({ admin }: Api, slug: string, data: object) => admin('PUT', `${path}/${slug}`, { data });

export const gatewayCases: Case[] = [
  {
    name: 'gateways: all eight are there, known by their slugs, and cannot be made or deleted',
    run: async ({ admin }) => {
      const { data } = (await admin('GET', path)).body;
      assert.deepEqual(data.map(({ slug }: { slug: string }) => slug).sort(), Object.keys(settings));
      for (const gateway of data) {
        assert.deepEqual([gateway.id, gateway.type, typeof gateway.enabled], [gateway.slug, 'gateway', 'boolean']);
        assert.ok(gateway.name.length > 0);
      }
      assert.equal((await admin('POST', path, { data: { type: 'gateway', slug: 'cash' } })).status, 404);
      assert.equal((await admin('DELETE', `${path}/manual`)).status, 404);
    },
  },
  {
    name: 'gateways: each keeps its settings, and a change keeps those that it does not name',
    run: async (api) => {
      for (const [slug, given] of Object.entries(settings)) {
        const before = (await api.admin('GET', `${path}/${slug}`)).body.data;
        const changed = await put(api, slug, { type: 'gateway', ...given, unknown: 'x' });
        assert.equal(changed.status, 200, slug);
        assert.deepEqual(changed.body.data, { ...before, ...given }, slug);
        const on = await put(api, slug, { type: 'gateway', enabled: true });
        assert.deepEqual(on.body.data, { ...before, ...given, enabled: true }, slug);
        // The raw body of a client may have no type.
        const off = await put(api, slug, { enabled: false, name: 'Renamed' });
        assert.deepEqual(off.body.data, { ...before, ...given, enabled: false, name: 'Renamed' }, slug);
        await put(api, slug, { name: before.name, enabled: before.enabled });
        const { data, meta } = (await api.admin('GET', `${path}/${slug}/attributes`)).body;
        assert.equal(meta.entity, slug);
        const values = data.map(({ value }: { value: string }) => value);
        for (const setting of Object.keys(given)) assert.ok(values.includes(setting), `${slug} ${setting}`);
      }
      assert.equal((await api.admin('GET', `${path}/cash/attributes`)).status, 404);
    },
  },
];
