import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Accounts } from '../support/accounts.ts';
import { customers } from '../support/kinds/customers.ts';
import { Ledger } from '../support/ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

/** What a stop of the way is held for. By count, not by time. */
const atEachStop = { writes: 20, rounds: 2 };

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith', { only: ['auth', 'carts', 'customers'], accompanied: true });
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

const urlOf = (service: string) => platform.stack.processes[service]?.url ?? '';

/** How often the service has told another one whose a customer token is. */
async function timesAsked(): Promise<number> {
  const text = await (await fetch(`${urlOf('customers')}/metrics`)).text();
  const counted = text
    .split('\n')
    .filter((line) => line.includes('_count{') && line.includes('"/internal/customers/token"'));
  return counted.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

test('customers move to their service and back while they sign in, buy and change: each sees what it did, everywhere', async () => {
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const { access_token: implicit } = await askToken(platform.edge, platform.client, 'implicit');
  const edge = new Shop(platform.edge, token);
  const accounts = new Accounts({
    ...{ admin: edge, shopper: new Shop(platform.edge, implicit), follower: new Shop(urlOf('carts'), token) },
    productId: await aProduct(edge),
    settled: () => migrator.settled('customers'),
  });
  const ledger = new Ledger({ shop: edge, kind: customers });
  const faults = () => [...accounts.faults, ...ledger.faults];
  let moving = true;
  const going = () => moving && faults().length === 0;
  const clients = [accounts.live(going), ledger.write(0, going), ledger.write(1, going)];
  /** @param isAsked whether others ask the service by name; null: some may, since reads go to the owner while settling is late */
  const dwell = async (where: string, isAsked: boolean | null) => {
    const asked = await timesAsked();
    const goal = {
      writes: ledger.acknowledged.length + atEachStop.writes,
      rounds: accounts.rounds + atEachStop.rounds,
    };
    const isEnough = () => ledger.acknowledged.length >= goal.writes && accounts.rounds >= goal.rounds;
    await until(`writes ${where}`, () => !going() || isEnough(), { limitMs: 180_000 });
    assert.deepEqual(faults(), [], where);
    await migrator.mustBeEqual('customers', where);
    if (isAsked === null) return;
    assert.equal((await timesAsked()) > asked, isAsked, `${where}: services that ask by name follow the reads`);
  };

  try {
    await migrator.backfill('carts');
    await migrator.backfill('customers');
    await dwell('on the monolith, with the service in step', false);
    await migrator.shift('customers/reads', 'customers');
    await dwell('on the monolith, with the reads on the service', true);
    await migrator.switchTo('customers', 'service');
    await dwell('on the service', true);
    await migrator.switchTo('carts', 'service');
    await dwell('on the service, as the carts are', true);
    await migrator.shift('customers/reads', 'monolith');
    await dwell('on the service, with the reads on the monolith', null);
    await migrator.switchTo('customers', 'monolith');
    await dwell('back on the monolith', false);
    await migrator.switchTo('customers', 'service');
    await dwell('on the service again', true);
  } finally {
    moving = false;
    await Promise.all(clients);
  }
  assert.deepEqual(faults(), []);
  assert.deepEqual(await ledger.compare(), []);
});

async function aProduct(edge: Shop): Promise<string> {
  const { body } = await edge.get('/v2/currencies');
  const currency = body.data.find((one: { default: boolean }) => one.default).code;
  const sku = randomUUID();
  const data = {
    ...{ type: 'product', name: 'P', slug: sku, sku, description: 'Made for a test', status: 'live' },
    ...{ manage_stock: false, commodity_type: 'physical', price: [{ amount: 1_000, currency, includes_tax: true }] },
  };
  const made = await edge.send({ method: 'POST', path: '/v2/products', data });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.data.id;
}
