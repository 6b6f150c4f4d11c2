import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPostgres, statement } from '@banyan/kit/postgres';
import { kindOf } from '../support/kinds/kinds.ts';
import { Ledger } from '../support/ledger.ts';
import { deadLetters, nothingWaits } from '../support/messages.ts';
import { Migrator } from '../support/migrator.ts';
import { moved } from '../support/moved.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Seeded } from '../support/seeded.ts';
import { Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

/** The same seed kills in the same order, at the same moments after a move began. */
const seed = Number(process.env.BANYAN_KILL_SEED ?? randomInt(1, 2 ** 31));
/** A few of the processes and stores, which the seed chooses. As many as there are kill each of them once. */
const count = Number(process.env.BANYAN_KILL_COUNT ?? 6);
const clientsEach = 2;
/** A move takes about as long. */
const momentMsMax = 400;
const downMsMax = 500;
/** Limit for all to be well after a kill, also on a busy machine. */
const limitMs = 120_000;

let platform: Platform;
let migrator: Migrator;
let dataDir: string;
before(async () => {
  // Killed stores must come back with all that they confirmed, so these are not careless ones.
  dataDir = mkdtempSync(join(tmpdir(), 'banyan-kills-'));
  platform = await startPlatform('monolith', { throwaway: false, dataDir });
  migrator = new Migrator(platform);
});
after(async () => {
  await platform?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test(`processes and stores that are killed while everything moves, ${count} times, seed ${seed}`, async (t) => {
  const stores = Object.values(platform.stack.status().stores);
  if (stores.some(({ source }) => source?.includes('container'))) return t.skip('a store runs in a container');
  const seeded = new Seeded(seed);
  await addBrands(3_000);
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const edge = new Shop(platform.edge, token);
  const ledgers = moved.map(({ name }) => new Ledger({ shop: edge, kind: kindOf(name), tolerant: true }));
  const faults = () => ledgers.flatMap((ledger) => ledger.faults);
  let going = true;
  const writers = ledgers.flatMap((ledger) =>
    Array.from({ length: clientsEach }, (_, client) => ledger.write(client, () => going)),
  );
  try {
    await until('every client to have written', () =>
      ledgers.every((one) => one.acknowledged.length > 2 * clientsEach),
    );
    let order: string[] = [];
    for (let kill = 0; kill < count; kill++) {
      if (order.length === 0) order = seeded.shuffled(victims());
      const victim = order.pop() ?? '';
      const move = await beginMoves(kill);
      await seeded.moment(momentMsMax);
      const killedMs = performance.now();
      await platform.stack.kill(victim);
      await seeded.moment(downMsMax);
      await bringUp(victim);
      const upMs = performance.now();
      await until(`all to be well after the kill of ${victim} during ${move}`, isWell, { limitMs }).catch((error) => {
        t.diagnostic(JSON.stringify(unwell));
        throw error;
      });
      const writesAgain = (ledger: Ledger) => ledger.acknowledged.some(({ begunMs }) => begunMs > upMs);
      await until('clients to write again', () => ledgers.every(writesAgain) || faults().length > 0, { limitMs });
      assert.deepEqual(faults(), [], `${victim} during ${move}`);
      const wellMs = performance.now();
      const outages = ledgers.map((one) => `${one.resource} ${seconds(one.longestPauseMs(killedMs, wellMs))}`);
      t.diagnostic(
        `${victim} during ${move}: no write for (${outages.join(', ')}), well after ${seconds(wellMs - killedMs)}`,
      );
    }
  } finally {
    going = false;
    await Promise.all(writers);
  }
  for (const { name } of moved) await migrator.mustBeEqual(name, 'at the end');
  for (const ledger of ledgers) {
    const { service } = moved.find(({ name }) => name === ledger.resource) ?? {};
    for (const url of [platform.edge, platform.monolith, platform.stack.processes[service ?? '']?.url ?? '']) {
      assert.deepEqual(await ledger.compare(new Shop(url, token)), [], url);
    }
    const { acknowledged, unknown, resource } = ledger;
    t.diagnostic(`${resource}: ${acknowledged.length} writes acknowledged, none lost; ${unknown} of unknown outcome`);
  }
  await nothingWaits(platform);
  assert.deepEqual(await deadLetters(platform), []);
});

/** Every process and every store that runs. */
function victims(): string[] {
  const { processes, stores } = platform.stack.status();
  const running = Object.entries({ ...processes, ...stores }).filter(([, { state }]) => state === 'ready');
  return running.map(([name]) => name);
}

/** Begins the backfills, then in turn the switches there and back. Returns their name. */
async function beginMoves(kill: number): Promise<string> {
  if (kill === 0) {
    await Promise.all(moved.map(({ name }) => migrator.begin(name, 'backfill')));
    return 'the backfills';
  }
  const [from, target] = kill % 2 === 1 ? (['monolith', 'service'] as const) : (['service', 'monolith'] as const);
  for (const { name } of moved) {
    const { backfill, owner } = await migrator.status(name);
    if (!backfill?.doneAt) await migrator.backfill(name);
    // The kill before may have come before or after its switch was carried out.
    if (owner !== from) await until(`${name} to be on the ${from}`, () => isSwitched(name, from), { limitMs });
  }
  await Promise.all(moved.map(({ name }) => migrator.begin(name, 'switch', { target })));
  return `the switches to the ${target}`;
}

const isSwitched = (name: string, target: 'service' | 'monolith') =>
  migrator.switchTo(name, target).then(
    () => true,
    () => false,
  );

/** What keeps resources from being well, for the failure of the test. */
let unwell: unknown;

/** By itself: of each resource one owner, nothing under way or parked, and the follower has what was written before. */
async function isWell(): Promise<boolean> {
  const all = await Promise.all(moved.map(({ name }) => migrator.status(name))).catch(() => []);
  unwell = all.map(({ resource, owner, operation, open, parked, failure }) => ({
    ...{ resource, owner, operation, open, parked, failure },
  }));
  const isQuiet = all.every(
    ({ owner, operation, parked, failure }) =>
      owner !== 'switching' && operation?.state !== 'running' && parked.count === 0 && failure === null,
  );
  if (all.length === 0 || !isQuiet) return false;
  // Clients write on, so something is always open.
  return Promise.all(moved.map(({ name }) => migrator.settle(name))).then(
    () => true,
    () => false,
  );
}

async function bringUp(name: string): Promise<void> {
  await until(
    `${name} to start`,
    () =>
      platform.stack.start(name).then(
        () => true,
        () => false,
      ),
    { limitMs },
  );
}

/** So many that a backfill takes a while. */
async function addBrands(brands: number): Promise<void> {
  const { DATABASE_URL: url } = platform.stack.commandLine('monolith').env;
  const db = openPostgres({ url: url ?? '', applicationName: 'test', maxConnections: 1 });
  const insert = statement<object, [number]>(
    'add_brands',
    `insert into brands (name, slug, status) select 'n' || n, 'many-' || n, 'live' from generate_series(1, $1::int) as n`,
  );
  await db.query(insert, [brands]);
  await db.close();
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
