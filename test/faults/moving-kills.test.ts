import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPostgres, statement } from '@banyan/kit/postgres';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Seeded } from '../support/seeded.ts';
import { TolerantLedger } from '../support/tolerant-ledger.ts';
import { until } from '../support/until.ts';

/** The same seed kills in the same order, at the same moments after a move began. */
const seed = Number(process.env.BANYAN_KILL_SEED ?? randomInt(1, 2 ** 31));
/** Six kill each of the processes and stores once. */
const count = Number(process.env.BANYAN_KILL_COUNT ?? 6);
const victims = ['migrator', 'brands', 'monolith', 'mesh', 'mariadb', 'postgres'];
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

test(`processes and stores that are killed while brands move, ${count} times, seed ${seed}`, async (t) => {
  const stores = Object.values(platform.stack.status().stores);
  if (stores.some(({ source }) => source?.includes('container'))) return t.skip('a store runs in a container');
  const seeded = new Seeded(seed);
  await addBrands(3_000);
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const ledger = new TolerantLedger(platform.edge, token);
  let going = true;
  const writers = Array.from({ length: 4 }, (_, index) => ledger.write(`k${index}`, () => going));
  const report: string[] = [];
  try {
    let order: string[] = [];
    for (let kill = 0; kill < count; kill++) {
      if (order.length === 0) order = seeded.shuffled(victims);
      const victim = order.pop() ?? '';
      const move = await beginMove(kill);
      await seeded.moment(momentMsMax);
      const killedMs = performance.now();
      await platform.stack.kill(victim);
      await seeded.moment(downMsMax);
      await bringUp(victim);
      const upMs = performance.now();
      await until(`all to be well after the kill of ${victim} during ${move}`, isWell, { limitMs });
      await until('clients to write again', () => ledger.acknowledged.some(({ begunMs }) => begunMs > upMs), {
        limitMs,
      });
      assert.deepEqual(ledger.faults, []);
      const wellMs = performance.now();
      const outage = ledger.longestPauseMs(killedMs, wellMs);
      report.push(
        `${victim} during ${move}: no write for ${seconds(outage)}, well after ${seconds(wellMs - killedMs)}`,
      );
      t.diagnostic(report.at(-1) ?? '');
    }
  } finally {
    going = false;
    await Promise.all(writers);
  }
  const { state, result } = await migrator.run('brands', 'parity');
  assert.deepEqual([state, (result as { clean: boolean }).clean], ['done', true]);
  assert.deepEqual(await ledger.compare(), []);
  t.diagnostic(`${ledger.acknowledged.length} writes acknowledged, none lost; ${ledger.unknown} of unknown outcome`);
});

/** Begins the backfill, then in turn a switch there and one back. Returns its name. */
async function beginMove(kill: number): Promise<string> {
  if (kill === 0) {
    await migrator.begin('brands', 'backfill');
    return 'the backfill';
  }
  const { backfill, owner } = await migrator.status('brands');
  if (!backfill?.doneAt) assert.equal((await migrator.run('brands', 'backfill')).state, 'done');
  const [from, target] = kill % 2 === 1 ? (['monolith', 'service'] as const) : (['service', 'monolith'] as const);
  // The kill before may have come before or after its switch was carried out.
  if (owner !== from) await until(`brands to be on the ${from}`, () => switchTo(from), { limitMs });
  await migrator.begin('brands', 'switch', { target });
  return `the switch to the ${target}`;
}

async function switchTo(target: string): Promise<boolean> {
  const { state, result } = await migrator.run('brands', 'switch', { target });
  return state === 'done' && (result as { switched: boolean }).switched;
}

/** By itself: one owner, nothing under way, nothing open or parked. */
async function isWell(): Promise<boolean> {
  const status = await migrator.status('brands').catch(() => null);
  return (
    status !== null &&
    status.owner !== 'switching' &&
    status.operation?.state !== 'running' &&
    status.open === 0 &&
    status.parked.count === 0 &&
    status.failure === null
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
