import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { settings } from '../support/kinds/settings.ts';
import { Ledger } from '../support/ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

/** What a stop of the way is held for. By count, not by time. */
const atEachStop = { writes: 20, lengths: 5 };

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith', {
    ...{ only: ['auth', 'jobs', 'settings'], accompanied: true },
    // Each list asks for the page length.
    env: { jobs: { PAGE_LENGTH_FRESH_MS: '0' } },
  });
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

const urlOf = (service: string) => platform.stack.processes[service]?.url ?? '';

/** How often the service has told another one the page length. */
async function timesAsked(): Promise<number> {
  const text = await (await fetch(`${urlOf('settings')}/metrics`)).text();
  const counted = text.split('\n').filter((line) => line.includes('_count{') && line.includes('"/internal/settings"'));
  return counted.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

test('settings move to their service and back while they change, and every list follows them', async () => {
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const edge = new Shop(platform.edge, token);
  const jobs = new Shop(urlOf('jobs'), token);
  const ledger = new Ledger({ shop: edge, kind: settings });
  const faults: string[] = [];
  let lengths = 0;
  let moving = true;
  const going = () => moving && faults.length + ledger.faults.length === 0;

  /** Changes the page length, beside the ledger's own member, and reads it from each that follows it. */
  const changeLengths = async () => {
    for (let length = 1; going(); length = (length % 100) + 1) {
      const data = { type: 'settings', page_length: length };
      const { status, body } = await edge.send({ method: 'PUT', path: '/v2/settings', data });
      if (status !== 200 || body.data.page_length !== length) faults.push(`PUT of ${length}: ${status}`);
      const shown = await edge.get('/v2/settings');
      if (shown.body.data?.page_length !== length) faults.push(`read ${JSON.stringify(shown)} after ${length}`);
      // The monolith has a copy, and the jobs service asks `settings` by name. At once, and at the latest when both sides are equal.
      const limits = async () => {
        const lists = await Promise.all([edge.get('/v2/products'), jobs.get('/v2/jobs')]);
        return lists.map((list) => list.body.meta?.page.limit);
      };
      const isFollowed = async () => (await limits()).every((limit) => limit === length);
      if (!(await isFollowed())) {
        await migrator.settled('settings');
        if (!(await isFollowed())) faults.push(`lists have ${await limits()} after ${length}`);
      }
      lengths += 1;
    }
  };
  const clients = [ledger.write(0, going), changeLengths()];
  const dwell = async (where: string, isAsked: boolean) => {
    const asked = await timesAsked();
    const goal = { writes: ledger.acknowledged.length + atEachStop.writes, lengths: lengths + atEachStop.lengths };
    const isEnough = () => ledger.acknowledged.length >= goal.writes && lengths >= goal.lengths;
    await until(`writes ${where}`, () => !going() || isEnough(), { limitMs: 120_000 });
    assert.deepEqual([...faults, ...ledger.faults], [], where);
    await migrator.mustBeEqual('settings', where);
    assert.equal((await timesAsked()) > asked, isAsked, `${where}: services that ask by name follow the reads`);
  };

  try {
    await migrator.backfill('settings');
    await dwell('on the monolith, with the service in step', false);
    await migrator.shift('settings/reads', 'settings');
    await dwell('on the monolith, with the reads on the service', true);
    await migrator.switchTo('settings', 'service');
    await dwell('on the service', true);
    await migrator.shift('settings/reads', 'monolith');
    await dwell('on the service, with the reads on the monolith', false);
    await migrator.switchTo('settings', 'monolith');
    await dwell('back on the monolith', false);
    await migrator.switchTo('settings', 'service');
    await dwell('on the service again', true);
  } finally {
    moving = false;
    await Promise.all(clients);
  }
  assert.deepEqual([...faults, ...ledger.faults], []);
  assert.deepEqual(await ledger.compare(), []);
});
