import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BrandLedger } from '../support/brand-ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { until } from '../support/until.ts';
import { createClient, sdkVersions } from './client.ts';
import { manageBrands } from './journeys/brands.ts';

/** Writes that a stop of the way is held for. By count, not by time. */
const writesAtEachStop = 60;

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith');
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

test('brands move to their service and back while clients read and write: nothing fails, is lost, or goes back in time', async () => {
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const ledger = new BrandLedger(platform.edge, token);
  const failures: unknown[] = [];
  let journeys = 0;
  let moving = true;
  const writers = Array.from({ length: 4 }, (_, index) => ledger.write(`w${index}`, () => moving));
  const managers = sdkVersions.map(async (version) => {
    const { client_id: clientId, client_secret: clientSecret } = platform.client;
    while (moving) {
      try {
        await manageBrands(createClient({ url: platform.edge, version, clientId, clientSecret }));
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
    const parity = await migrator.run('brands', 'parity');
    assert.deepEqual([parity.state, (parity.result as { clean: boolean }).clean], ['done', true], where);
  };

  try {
    assert.equal((await migrator.run('brands', 'backfill')).state, 'done');
    await dwell('on the monolith, with the service in step');
    await migrator.shift('brands/reads', 'brands');
    await dwell('on the monolith, with the reads on the service');
    assert.deepEqual((await migrator.run('brands', 'switch', { target: 'service' })).result, done);
    await dwell('on the service');
    await migrator.shift('brands/reads', 'monolith');
    await dwell('on the service, with the reads on the monolith');
    assert.deepEqual((await migrator.run('brands', 'switch', { target: 'monolith' })).result, done);
    await dwell('back on the monolith');
    assert.deepEqual((await migrator.run('brands', 'switch', { target: 'service' })).result, done);
    await dwell('on the service again');
  } finally {
    moving = false;
    await Promise.all([...writers, ...managers]);
  }

  assert.deepEqual(ledger.faults, []);
  assert.deepEqual(failures, []);
  assert.ok(journeys > 0);
  assert.deepEqual(await ledger.compare(), []);
});

const done = { switched: true, reason: null };
