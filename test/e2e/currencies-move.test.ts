import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CurrencyLedger } from '../support/currency-ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

/** Writes that a stop of the way is held for, and moves of the default among them. By count, not by time. */
const atEachStop = { writes: 40, moves: 5 };
/** Currencies of the seed. */
const seeded = ['USD', 'EUR', 'GBP'];

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith');
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

test('currencies move to their service and back while their default moves and other requests use them', async () => {
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const settled = () => migrator.settled('currencies');
  const ledger = new CurrencyLedger({ shop: new Shop(platform.edge, token), settled });
  let moving = true;
  const going = () => moving;
  const clients = [
    ...['AAA', 'BBB', 'CCC'].map((code) => ledger.write(code, going)),
    ...['DDD', 'EEE'].map((code) => ledger.moveDefault(code, going)),
  ];
  const dwell = async (where: string) => {
    const goal = { writes: ledger.writes + atEachStop.writes, moves: ledger.moved + atEachStop.moves };
    await until(
      `enough writes ${where}`,
      () => ledger.faults.length > 0 || (ledger.writes >= goal.writes && ledger.moved >= goal.moves),
      { limitMs: 120_000 },
    );
    const parity = await migrator.run('currencies', 'parity');
    const { clean, compared } = parity.result as { clean: boolean; compared: number };
    assert.deepEqual([parity.state, clean, compared], ['done', true, 1], where);
  };
  const change = async (target: 'service' | 'monolith') =>
    assert.deepEqual((await migrator.run('currencies', 'switch', { target })).result, { switched: true, reason: null });

  try {
    // Brands are read from their service, which asks for `currencies` by name.
    assert.equal((await migrator.run('brands', 'backfill')).state, 'done');
    await migrator.shift('brands/reads', 'brands');
    const { state, result } = await migrator.run('currencies', 'backfill');
    assert.equal(state, 'done', String(result));
    await dwell('on the monolith, with the service in step');
    await migrator.shift('currencies/reads', 'currencies');
    await dwell('on the monolith, with the reads on the service');
    await change('service');
    await dwell('on the service');
    await migrator.shift('currencies/reads', 'monolith');
    await dwell('on the service, with the reads on the monolith');
    await change('monolith');
    await dwell('back on the monolith');
    await change('service');
    await dwell('on the service again');
  } finally {
    moving = false;
    await Promise.all(clients);
  }

  assert.deepEqual(ledger.faults, []);
  assert.ok(ledger.asked > 0 && ledger.moved > 0);
  assert.deepEqual(await ledger.compare(seeded), []);
});
