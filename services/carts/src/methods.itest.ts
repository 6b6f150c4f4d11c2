import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type FakeMesh, type FakeService, startFakeMesh } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

const token = 'a'.repeat(40);
const active = { active: true, client_id: 'tests', identifier: 'client_credentials', scope: '', exp: 4_147_483_647 };
const usd = { code: 'USD', format: '{price}', decimal_point: '.', thousand_separator: ',', decimal_places: 2 };
const list: FakeService = () => ({ status: 200, body: { data: [] } });
const away: FakeService = () => ({ status: 503, body: {} });

describe('the calculation method', () => {
  let mesh: FakeMesh;
  let carts: Instance;
  let nowMs = Date.now();
  before(async () => {
    mesh = await startFakeMesh({
      monolith: () => ({ status: 200, body: active }),
      currencies: () => ({ status: 200, body: { data: [{ ...usd, enabled: true, default: true }] } }),
      flows: () => ({ status: 200, body: { data: { flow: null, fields: [] } } }),
      promotions: list,
      settings: away,
    });
    carts = await startInstance(mesh.url, { PAGE_LENGTH_FRESH_MS: '1000' }, () => nowMs);
    await carts.service.ready;
  });
  after(async () => {
    await carts.close();
    mesh.close();
  });

  const call = async (method: string, path: string, data?: unknown) => {
    const response = await fetch(carts.service.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(data === undefined ? {} : { body: JSON.stringify({ data }) }),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const tell = (method: unknown) => {
    mesh.services.settings = () => ({ status: 200, body: { data: { page_length: 100, calculation_method: method } } });
  };

  test('is the one known last while the settings are away, `simple` before, and is remembered as long as they are', async () => {
    const cart = `/v2/carts/${randomUUID()}`;
    const price = { amount: 10, includes_tax: false };
    const data = { type: 'custom_item', name: 'N', quantity: 3, price, tax: [{ name: 'T', rate: 0.05 }] };
    const added = await call('POST', `${cart}/items`, data);
    // The tax of three units, each rounded up, or of one line.
    const [simple, line] = [33, 32];
    assert.deepEqual([added.status, added.body.meta.display_price.with_tax.amount], [201, simple], 'never known');
    const shown = async () => {
      const amounts = [
        (await call('GET', `${cart}/items`)).body.meta,
        (await call('GET', cart)).body.data.meta,
        (await call('GET', '/v2/carts')).body.data[0].meta,
        (await call('PUT', cart, { name: 'Renamed' })).body.data.meta,
      ].map(({ display_price }) => display_price.with_tax.amount);
      assert.equal(new Set(amounts).size, 1, `one price everywhere: ${amounts}`);
      return amounts[0];
    };
    tell('line');
    assert.equal(await shown(), simple, 'remembered');
    nowMs += 1_000;
    mesh.requests.length = 0;
    assert.equal(await shown(), line);
    assert.equal(mesh.requests.filter(({ service }) => service === 'settings').length, 1, 'asked once');
    for (const reply of [away, list]) {
      mesh.services.settings = reply;
      nowMs += 1_000;
      assert.equal(await shown(), line, 'the last one known');
    }
    tell('simple');
    nowMs += 1_000;
    assert.equal(await shown(), simple);
  });
});
