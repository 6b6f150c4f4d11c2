import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CartLedger } from '../support/cart-ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { until } from '../support/until.ts';
import { createClient, sdkVersions } from './client.ts';
import { shop } from './journeys/shopper.ts';

/** Writes that a stop of the way is held for. By count, not by time. */
const writesAtEachStop = 60;

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith');
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

test('carts move to their service and back while clients fill them and check out: nothing fails, is lost, or goes back in time', async () => {
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const ledger = new CartLedger(platform.edge, token, await someProducts(token), await oneCode(token));
  const failures: unknown[] = [];
  let journeys = 0;
  let moving = true;
  const writers = Array.from({ length: 4 }, (_, index) => ledger.write(`w${index}`, () => moving));
  const shoppers = sdkVersions.map(async (version) => {
    const { client_id: clientId } = platform.client;
    while (moving) {
      try {
        await shop(createClient({ url: platform.edge, version, clientId, currency: 'USD' }));
        journeys += 1;
      } catch (failure) {
        failures.push(failure);
      }
    }
  });
  const dwell = async (where: string) => {
    const goal = ledger.writes + writesAtEachStop;
    await until(`${writesAtEachStop} writes ${where}`, () => ledger.writes >= goal || ledger.faults.length > 0, {
      limitMs: 120_000,
    });
    const parity = await migrator.run('carts', 'parity');
    assert.deepEqual([parity.state, (parity.result as { clean: boolean }).clean], ['done', true], where);
  };

  /** Attaching takes locks on tables that clients write all the time: it gives up after a moment, to be tried again. */
  const backfill = async () => {
    const results: unknown[] = [];
    while (results.length < 20) {
      const { state, result } = await migrator.run('carts', 'backfill');
      if (state === 'done') return;
      results.push(result);
    }
    assert.fail(`the backfill failed: ${JSON.stringify(results)}`);
  };

  try {
    await backfill();
    await dwell('on the monolith, with the service in step');
    await migrator.shift('carts/reads', 'carts');
    await dwell('on the monolith, with the reads on the service');
    assert.deepEqual((await migrator.run('carts', 'switch', { target: 'service' })).result, done);
    await dwell('on the service');
    await migrator.shift('carts/reads', 'monolith');
    await dwell('on the service, with the reads on the monolith');
    assert.deepEqual((await migrator.run('carts', 'switch', { target: 'monolith' })).result, done);
    await dwell('back on the monolith');
    assert.deepEqual((await migrator.run('carts', 'switch', { target: 'service' })).result, done);
    await dwell('on the service again');
  } finally {
    moving = false;
    await Promise.all([...writers, ...shoppers]);
  }

  assert.deepEqual(ledger.faults, []);
  assert.deepEqual(failures, []);
  assert.ok(journeys > 0);
  assert.ok(ledger.orders > 0 && ledger.together > 0);
  assert.deepEqual(await ledger.compare(), []);
});

const done = { switched: true, reason: null };

/** The code of a promotion that takes off a dollar in any currency of the seed. */
async function oneCode(token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const post = async (path: string, data: object) => {
    const reply = await fetch(platform.edge + path, { method: 'POST', headers, body: JSON.stringify({ data }) });
    assert.equal(reply.status, 201);
    return ((await reply.json()) as { data: { id: string } }).data;
  };
  const currencies = ['USD', 'EUR', 'GBP'].map((currency) => ({ currency, amount: 100 }));
  const { id } = await post('/v2/promotions', {
    ...{ type: 'promotion', name: 'One off', description: '', enabled: true, promotion_type: 'fixed_discount' },
    ...{ schema: { currencies }, start: '2018-01-01', end: '2099-01-01' },
  });
  const code = 'cart-move';
  await post(`/v2/promotions/${id}/codes`, { type: 'promotion_codes', codes: [{ code }] });
  return code;
}

/** Products that are sold without counting their stock, in the default currency. */
async function someProducts(token: string): Promise<{ id: string; sku: string }[]> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const currencies = (await (await fetch(`${platform.edge}/v2/currencies`, { headers })).json()) as {
    data: { code: string; default: boolean }[];
  };
  const currency = currencies.data.find((one) => one.default)?.code;
  const make = async (sku: string) => {
    const data = {
      ...{ type: 'product', name: sku, slug: sku, sku, description: 'Made for a test', status: 'live' },
      ...{ manage_stock: false, commodity_type: 'physical', price: [{ amount: 1_000, currency, includes_tax: true }] },
    };
    const reply = await fetch(`${platform.edge}/v2/products`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ data }),
    });
    assert.equal(reply.status, 201);
    return { id: ((await reply.json()) as { data: { id: string } }).data.id, sku };
  };
  return Promise.all(['cart-move-a', 'cart-move-b', 'cart-move-c'].map(make));
}
