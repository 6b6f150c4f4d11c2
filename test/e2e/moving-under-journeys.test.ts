import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kindOf } from '../support/kinds/kinds.ts';
import { Ledger } from '../support/ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { moved } from '../support/moved.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';
import { createClient, sdkVersions } from './client.ts';
import { manageBrands } from './journeys/brands.ts';
import { visit } from './journeys/visit.ts';

/** What a stop of the way is held for, of each resource and of each version of the client. By count, not by time. */
const atEachStop = { writes: 20, visits: 1 };
const clientsEach = 1;
const limitMs = 240_000;

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith');
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

test('every resource moves to its service and back while the real clients shop: nothing fails, is lost, or goes back in time', async () => {
  const shop = new Shop(platform.edge, (await askToken(platform.edge, platform.client)).access_token);
  const ledgers = moved.map(({ name }) => new Ledger({ shop, kind: kindOf(name) }));
  const visits = new Map<string, number>(sdkVersions.map((version) => [version, 0]));
  const failures: unknown[] = [];
  let moving = true;
  const going = () => moving && failures.length === 0;
  const visitors = sdkVersions.map(async (version) => {
    const { client_id: clientId, client_secret: clientSecret } = platform.client;
    while (going()) {
      try {
        await visit(platform.edge, version, platform.client);
        await manageBrands(createClient({ url: platform.edge, version, clientId, clientSecret }));
        visits.set(version, (visits.get(version) ?? 0) + 1);
      } catch (failure) {
        failures.push(failure);
      }
    }
  });
  const writers = ledgers.flatMap((ledger) =>
    Array.from({ length: clientsEach }, (_, client) => ledger.write(client, () => moving)),
  );
  const faults = () => ledgers.flatMap((ledger) => ledger.faults);
  const each = (work: (resource: (typeof moved)[number]) => Promise<void>) => Promise.all(moved.map(work));
  const dwell = async (where: string) => {
    const writes = new Map(ledgers.map((ledger) => [ledger, ledger.acknowledged.length]));
    const before = new Map(visits);
    const isEnough = () =>
      ledgers.every((ledger) => ledger.acknowledged.length >= (writes.get(ledger) ?? 0) + atEachStop.writes) &&
      sdkVersions.every((version) => (visits.get(version) ?? 0) >= (before.get(version) ?? 0) + atEachStop.visits);
    await until(`visits and writes ${where}`, () => isEnough() || failures.length + faults().length > 0, { limitMs });
    assert.deepEqual(failures, [], where);
    assert.deepEqual(faults(), [], where);
    await each(({ name }) => migrator.mustBeEqual(name, where));
  };

  try {
    await each(({ name }) => migrator.backfill(name));
    await dwell('on the monolith, with the services in step');
    await each(({ service, route }) => migrator.shift(`${route}/reads`, service));
    await dwell('on the monolith, with the reads on the services');
    await each(({ name }) => migrator.switchTo(name, 'service'));
    await dwell('on the services');
    await each(({ route }) => migrator.shift(`${route}/reads`, 'monolith'));
    await dwell('on the services, with the reads on the monolith');
    await each(({ name }) => migrator.switchTo(name, 'monolith'));
    await dwell('back on the monolith');
  } finally {
    moving = false;
    await Promise.all([...writers, ...visitors]);
  }
  assert.deepEqual(failures, []);
  assert.deepEqual(faults(), []);
  for (const ledger of ledgers) assert.deepEqual(await ledger.compare(), []);
});
