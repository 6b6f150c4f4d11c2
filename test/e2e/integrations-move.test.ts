import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { until } from '../support/until.ts';
import { WebhookLedger, WebhookReceiver } from '../support/webhook-ledger.ts';

/** Brands that a stop of the way is held for, and whose webhooks arrive there. By count, not by time. */
const brandsAtEachStop = 25;
const limitMs = 180_000;
const loopback = { WEBHOOK_NETWORKS: '127.0.0.1' };

let platform: Platform;
let migrator: Migrator;
const receiver = new WebhookReceiver();
before(async () => {
  platform = await startPlatform('monolith', {
    only: ['auth', 'integrations', 'brands'],
    accompanied: true,
    env: { monolith: loopback, integrations: loopback },
  });
  migrator = new Migrator(platform);
});
after(async () => {
  receiver.close();
  await platform?.stop();
});

test('integrations move to their service and back while brands are made: each new brand has one delivery, which arrives', async () => {
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const ledger = new WebhookLedger(platform.edge, token);
  const integration = await ledger.integrate(await receiver.open());
  assert.deepEqual(ledger.faults, []);
  let moving = true;
  let changing = true;
  const makers = [0, 1].map(() => ledger.makeBrands(() => moving));
  let changer = ledger.changeIntegration(integration, () => changing);
  const dwell = async (where: string) => {
    const goals = [
      ledger.brands.size + brandsAtEachStop,
      receiver.accepted.size + brandsAtEachStop,
      ledger.changes + 5,
    ];
    const reached = () =>
      ledger.brands.size >= (goals[0] ?? 0) &&
      receiver.accepted.size >= (goals[1] ?? 0) &&
      (!changing || ledger.changes >= (goals[2] ?? 0));
    await until(`brands, webhooks and changes ${where}`, () => reached() || ledger.faults.length > 0, { limitMs });
    assert.deepEqual(ledger.faults, [], where);
    const parity = await migrator.run('integrations', 'parity');
    assert.deepEqual([parity.state, (parity.result as { clean: boolean }).clean], ['done', true], where);
  };
  const switchTo = async (target: 'service' | 'monolith') => {
    const { result } = await migrator.run('integrations', 'switch', { target });
    assert.deepEqual(result, { switched: true, reason: null });
  };

  try {
    assert.equal((await migrator.run('integrations', 'backfill')).state, 'done');
    await dwell('on the monolith, with the service in step');
    await switchTo('service');
    await dwell('on the service');
    await switchTo('monolith');
    await dwell('back on the monolith');
    await switchTo('service');
    await dwell('on the service again');

    // Facts wait in the queue while it is away, and deliveries that were under way are repeated. Writes would be refused.
    changing = false;
    await changer;
    await platform.stack.kill('integrations');
    const made = ledger.brands.size;
    await until('brands while the service is away', () => ledger.brands.size >= made + brandsAtEachStop, { limitMs });
    await platform.stack.start('integrations');
    changing = true;
    await until('the service to serve', () => ledger.isServed(integration), { limitMs });
    changer = ledger.changeIntegration(integration, () => changing);
    await dwell('on the service after a kill');

    // Brands that are on their service tell of themselves.
    assert.equal((await migrator.run('brands', 'backfill')).state, 'done');
    const moved = await migrator.run('brands', 'switch', { target: 'service' });
    assert.deepEqual(moved.result, { switched: true, reason: null });
    await dwell('with the brands on their service');
    await switchTo('monolith');
    await dwell('back on the monolith, with the brands on their service');
  } finally {
    moving = false;
    changing = false;
    await Promise.all([...makers, changer]);
  }

  assert.deepEqual(ledger.faults, []);
  await until('every webhook to arrive', () => [...ledger.brands].every((id) => receiver.accepted.has(id)), {
    limitMs,
  });
  const several = [...receiver.accepted].filter(([, ids]) => ids.size !== 1);
  assert.deepEqual(several, [], 'a brand has one delivery, whichever side made it and however often it was sent');
  let jobs = new Map<string, string>();
  const recorded = async () => {
    jobs = await ledger.jobs(integration);
    return [...jobs.values()].every((status) => status === 'delivered');
  };
  // An attempt whose record was lost comes again when its lease has ended.
  await until('every delivery to be recorded', recorded, { limitMs });
  assert.deepEqual(
    [...jobs.keys()].sort(),
    [...ledger.brands].flatMap((id) => [...(receiver.accepted.get(id) ?? [])]).sort(),
    'the records are those of the brands, and no others',
  );
});
