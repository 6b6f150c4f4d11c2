import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';
import { currencyHostileCases } from './currencies-hostile.ts';

/** A side starts with dollars alone. Each case leaves them alone, and the default, when it ends. */
export const path = '/v2/currencies';

interface Shown {
  id: string;
  code: string;
  default: boolean;
  enabled: boolean;
}

const list = async (api: Api) => (await api.shopper('GET', path)).body.data as Shown[];
const codes = async (api: Api) => (await list(api)).map(({ code }) => code);
const idOf = async (api: Api, code: string) => {
  const found = (await list(api)).find((currency) => currency.code === code);
  assert.ok(found, `no currency ${code}`);
  return found.id;
};
const put = (api: Api, id: string, data: object) => api.admin('PUT', `${path}/${id}`, { data });

/** Makes a currency and returns its id. */
export async function makeCurrency(api: Api, code: string, members: object = {}): Promise<string> {
  const { status, body } = await api.admin('POST', path, { data: { code, format: '{price}', ...members } });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** Deletes all but dollars, which become the default. */
async function reset(api: Api): Promise<void> {
  await put(api, await idOf(api, 'USD'), { default: true, enabled: true });
  for (const { id, code } of await list(api)) {
    if (code !== 'USD') assert.equal((await api.admin('DELETE', `${path}/${id}`)).status, 204);
  }
}

const alone = ({ name, run }: Case): Case => ({
  name,
  run: async (api) => {
    await run(api);
    await reset(api);
  },
});

const cases: Case[] = [
  {
    name: 'a new store has dollars',
    run: async (api) => {
      const { status, body } = await api.shopper('GET', path);
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(body), ['data']);
      const [dollars, ...others] = body.data;
      assert.equal(others.length, 0);
      const { id, meta } = dollars;
      assert.deepEqual(dollars, {
        ...{ id, type: 'currency', code: 'USD', exchange_rate: 1, format: `$${'{price}'}`, decimal_point: '.' },
        ...{ thousand_separator: ',', decimal_places: 2, default: true, enabled: true },
        ...{ links: { self: `http://shop.test/v2/currencies/${id}` }, meta },
      });
      assert.match(meta.timestamps.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    },
  },
  {
    name: 'a currency is made without a type and with numbers as text, read, changed and deleted',
    run: async (api) => {
      const { admin, shopper } = api;
      const data = {
        ...{ code: 'eur', exchange_rate: '0.86', format: '{price} €', decimal_point: ',', thousand_separator: '.' },
        ...{ decimal_places: '3', unknown: 'is ignored' },
      };
      const made = await admin('POST', path, { data });
      assert.equal(made.status, 201);
      const { id, meta, ...shown } = made.body.data;
      assert.deepEqual(shown, {
        ...{ type: 'currency', code: 'EUR', exchange_rate: 0.86, format: '{price} €', decimal_point: ',' },
        ...{ thousand_separator: '.', decimal_places: 3, default: false, enabled: true },
        links: { self: `http://shop.test/v2/currencies/${id}` },
      });
      assert.equal(meta.timestamps.created_at, meta.timestamps.updated_at);
      assert.deepEqual((await shopper('GET', `${path}/${id}`)).body, made.body);
      assert.deepEqual((await shopper('GET', `${path}/${id.toUpperCase()}`)).body, made.body);
      const changed = await put(api, id, { id, code: 'chf', decimal_places: 0, enabled: false });
      assert.equal(changed.status, 200);
      const { code, decimal_places: places, enabled, format } = changed.body.data;
      assert.deepEqual([code, places, enabled, format], ['CHF', 0, false, '{price} €']);
      assert.equal(changed.body.data.meta.timestamps.created_at, meta.timestamps.created_at);
      assert.equal((await put(api, id, {})).status, 200);
      const gone = await admin('DELETE', `${path}/${id}`);
      assert.deepEqual([gone.status, gone.body], [204, undefined]);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const reply = await admin(method, `${path}/${id}`, method === 'PUT' ? { data: {} } : undefined);
        const detail = 'The requested currency could not be found';
        assert.deepEqual(reply.body, { errors: [{ status: 404, title: 'Not Found', detail }] }, method);
      }
    },
  },
  {
    name: 'currencies are listed in the order in which they were made',
    run: async (api) => {
      for (const code of ['SEK', 'DKK', 'NOK', 'AUD']) await makeCurrency(api, code);
      assert.deepEqual(await codes(api), ['USD', 'SEK', 'DKK', 'NOK', 'AUD']);
      await put(api, await idOf(api, 'SEK'), { exchange_rate: 9.5 });
      assert.deepEqual(await codes(api), ['USD', 'SEK', 'DKK', 'NOK', 'AUD'], 'a change moves none');
    },
  },
  {
    name: 'a code is unique, in a new currency and in a change',
    run: async (api) => {
      const taken = {
        ...{ status: 400, title: 'Currency already exists' },
        detail: 'The specified currency code already exists for this store',
      };
      const made = await api.admin('POST', path, { data: { code: 'usd', format: '{price}', default: true } });
      assert.deepEqual([made.status, made.body], [400, { errors: [taken] }]);
      const eur = await makeCurrency(api, 'EUR');
      const changed = await put(api, eur, { code: 'USD', default: true });
      assert.deepEqual([changed.status, changed.body], [400, { errors: [taken] }]);
      assert.equal((await list(api)).find((one) => one.default)?.code, 'USD', 'what was refused changed nothing');
      assert.equal((await put(api, eur, { code: 'EUR' })).status, 200);
    },
  },
  {
    name: 'every member is checked',
    run: async (api) => {
      const eur = await makeCurrency(api, 'EUR');
      const wrong = [
        ...[{ code: 'EURO' }, { code: '' }, { code: 5 }, { code: 'é€x' }, { format: '¥' }, { format: 5 }],
        ...[{ format: `{price}${'x'.repeat(58)}` }, { decimal_point: '.....' }, { thousand_separator: 5 }],
        ...[{ exchange_rate: 0 }, { exchange_rate: -1 }, { exchange_rate: 'x' }, { exchange_rate: '1e3' }],
        ...[{ exchange_rate: '0' }, { exchange_rate: null }, { decimal_places: 1.5 }, { decimal_places: 9 }],
        ...[{ decimal_places: -1 }, { decimal_places: '2.5' }, { enabled: 1 }, { default: 'true' }, { id: 5 }],
        ...[{ default: true, enabled: false }],
      ];
      for (const change of wrong) {
        const shown = JSON.stringify(change);
        const made = await api.admin('POST', path, { data: { code: 'JPY', format: '{price}', ...change } });
        if (!('id' in change)) assert.equal(made.status, 422, shown);
        else assert.equal((await api.admin('DELETE', `${path}/${made.body.data.id}`)).status, 204);
        assert.equal((await put(api, eur, change)).status, 422, shown);
      }
      for (const data of [{ code: 'JPY' }, { format: '{price}' }, {}]) {
        assert.equal((await api.admin('POST', path, { data })).status, 422, JSON.stringify(data));
      }
      assert.equal((await put(api, eur, { id: eur.toUpperCase() })).status, 422);
      assert.deepEqual(await codes(api), ['USD', 'EUR']);
    },
  },
  {
    name: 'rates are kept to the last digit',
    run: async (api) => {
      const rates = [
        0.1,
        0.000021,
        1e-7,
        5e-324,
        1.7976931348623157e308,
        123_456_789.123_456_78,
        1e21,
        '0.000000000001',
      ];
      const eur = await makeCurrency(api, 'EUR');
      for (const rate of rates) {
        const { body } = await put(api, eur, { exchange_rate: rate });
        assert.equal(body.data.exchange_rate, Number(rate));
        assert.equal((await api.shopper('GET', `${path}/${eur}`)).body.data.exchange_rate, Number(rate));
      }
      const endless = await api.admin('PUT', `${path}/${eur}`, '{"data":{"exchange_rate":1e999}}');
      assert.equal(endless.status, 422);
    },
  },
  {
    name: 'a new default unsets the old one; there is always one, and it is enabled',
    run: async (api) => {
      const defaults = async () => (await list(api)).filter((one) => one.default).map(({ code }) => code);
      const [usd, eur] = [await idOf(api, 'USD'), await makeCurrency(api, 'EUR')];
      assert.equal((await put(api, eur, { default: true })).status, 200);
      assert.deepEqual(await defaults(), ['EUR']);
      for (const [change, detail] of [
        [{ default: false }, 'The data.default field is unset by making another currency the default.'],
        [{ enabled: false }, 'The data.enabled field must be true for the default currency.'],
      ] as const) {
        const refused = await put(api, eur, change);
        const source = `data.${Object.keys(change)[0]}`;
        assert.deepEqual(refused.body, { errors: [{ status: 422, title: 'Failed Validation', detail, source }] });
      }
      assert.equal((await put(api, usd, { default: true, enabled: false })).status, 422);
      assert.equal((await api.admin('DELETE', `${path}/${eur}`)).status, 422);
      await put(api, usd, { enabled: false });
      assert.equal((await put(api, usd, { default: true })).status, 422, 'it is disabled');
      assert.equal((await put(api, usd, { default: true, enabled: true })).status, 200);
      assert.deepEqual(await defaults(), ['USD']);
      await makeCurrency(api, 'GBP', { default: true });
      assert.deepEqual(await defaults(), ['GBP']);
    },
  },
  {
    name: 'a store has at most ten currencies',
    run: async (api) => {
      for (const code of ['AUD', 'BRL', 'CAD', 'CHF', 'DKK', 'GBP', 'INR', 'JPY', 'NOK']) await makeCurrency(api, code);
      const limit = { status: 422, title: 'Currency limit reached', detail: 'A store has at most 10 currencies' };
      for (const code of ['SEK', 'USD']) {
        const { status, body } = await api.admin('POST', path, { data: { code, format: '{price}' } });
        assert.deepEqual([status, body], [422, { errors: [limit] }]);
      }
    },
  },
  {
    name: 'requests in a currency that is not enabled are refused, on this path and on others',
    run: async (api) => {
      const eur = await makeCurrency(api, 'EUR');
      const paths = [path, `${path}/${eur}`, '/v2/products', '/v2/settings'];
      const ask = (one: string, currency: string) =>
        api.admin('GET', one, undefined, { 'x-moltin-currency': currency });
      for (const one of paths) {
        for (const currency of ['eur', ' USD ', '']) assert.equal((await ask(one, currency)).status, 200, one);
        for (const currency of ['XXX', 'euros', '%E2%82%AC', "'"]) {
          const { status, body } = await ask(one, currency);
          const detail = 'The selected currency is not enabled on this store';
          assert.deepEqual([status, body], [400, { errors: [{ status: 400, title: 'BadRequestError', detail }] }]);
        }
      }
      await put(api, eur, { enabled: false });
      for (const one of paths) assert.equal((await ask(one, 'EUR')).status, 400, one);
      const refused = await api.admin(
        'PUT',
        `${path}/${eur}`,
        { data: { enabled: true } },
        { 'x-moltin-currency': 'EUR' },
      );
      assert.equal(refused.status, 400, 'the header is read before the change');
      assert.equal((await ask('/v2/nothing', 'EUR')).status, 404, 'a path that is unknown stays unknown');
    },
  },
  {
    name: 'only administrators write',
    run: async ({ shopper, anonymous }) => {
      for (const [method, one] of [
        ['POST', path],
        ['PUT', `${path}/00000000-0000-4000-8000-000000000000`],
        ['DELETE', `${path}/00000000-0000-4000-8000-000000000000`],
      ] as const) {
        const denied = await shopper(method, one, { data: {} });
        const detail = 'The access token does not permit this';
        assert.deepEqual(denied.body.errors, [{ status: 403, title: 'Forbidden', detail }]);
        assert.equal((await anonymous(method, one, { data: {} })).status, 401);
      }
      assert.equal((await anonymous('GET', path)).status, 401);
    },
  },
  {
    name: 'deleting a currency deletes the prices in it',
    run: async (api) => {
      const eur = await makeCurrency(api, 'EUR');
      const price = ['EUR', 'USD', 'XAU'].map((currency) => ({ amount: 100, currency, includes_tax: true }));
      const data = {
        ...{ type: 'product', name: 'P', slug: `p-${api.tag}`, sku: `p-${api.tag}`, description: 'd', price },
        ...{ manage_stock: false, status: 'live', commodity_type: 'physical' },
      };
      const made = await api.admin('POST', '/v2/products', { data });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      assert.equal((await api.admin('DELETE', `${path}/${eur}`)).status, 204);
      const { body } = await api.shopper('GET', `/v2/products/${made.body.data.id}`);
      const left = body.data.price.map(({ currency }: { currency: string }) => currency);
      assert.deepEqual(left, ['USD', 'XAU'], 'a price is not checked against the currencies');
    },
  },
];

export const currencyCases: Case[] = [...cases, ...currencyHostileCases].map(alone);
