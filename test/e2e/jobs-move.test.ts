import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { JobLedger } from '../support/job-ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { until } from '../support/until.ts';

/** Exports that a stop of the way is held for. By count, not by time. */
const exportsAtEachStop = 12;

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith', { only: ['auth', 'jobs'], accompanied: true });
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

test('jobs move to their service and back while clients export: each export is complete, once, and keeps its file', async () => {
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const ledger = new JobLedger(platform.edge, token);
  let moving = true;
  const clients = Array.from({ length: 3 }, (_, index) => ledger.write(`c${index}`, () => moving));
  const dwell = async (where: string) => {
    const goal = ledger.exports + exportsAtEachStop;
    await until(`exports ${where}`, () => ledger.exports >= goal || ledger.faults.length > 0, { limitMs: 240_000 });
    const parity = await migrator.run('jobs', 'parity');
    assert.deepEqual([parity.state, (parity.result as { clean: boolean }).clean], ['done', true], where);
  };
  const change = async (target: 'service' | 'monolith') =>
    assert.deepEqual((await migrator.run('jobs', 'switch', { target })).result, { switched: true, reason: null });

  try {
    const { state, result } = await migrator.run('jobs', 'backfill');
    assert.equal(state, 'done', String(result));
    await dwell('on the monolith, with the service in step');
    await migrator.shift('jobs/reads', 'jobs');
    await dwell('on the monolith, with the reads on the service');
    await change('service');
    await dwell('on the service');
    await migrator.shift('jobs/reads', 'monolith');
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
  assert.deepEqual(await ledger.compare(), []);
});
