import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type BackfillReport, backfill } from './backfill.ts';
import { authClients } from './mappings/auth-clients.ts';
import { openSides } from './sides.ts';
import { createTwoSides, hashLike, type TwoSides } from './testing/two-sides.ts';

describe('the backfill of clients', () => {
  let sides: TwoSides;
  before(async () => {
    sides = await createTwoSides();
  });
  after(() => sides.drop());
  beforeEach(async () => {
    await sides.monolith.query('delete from api_clients');
    await sides.auth.query('delete from clients');
    await sides.auth.query('delete from import.progress');
  });

  const run = (...args: string[]) => sides.report<BackfillReport>('backfill', 'auth-clients', ...args);
  const there = async () =>
    (await sides.auth.query<{ id: string }>('select id from clients order by id')).map(({ id }) => id);

  test('copies every row in chunks, exact to the microsecond', async () => {
    const ids = await sides.addClients(7);
    const report = await run('--chunk', '3');
    assert.deepEqual([report.code, report.total, report.read, report.inserted, report.finished], [0, 7, 7, 7, true]);
    assert.deepEqual(await there(), ids);
    const same =
      'select id, client_id, name, secret_hash, identifier_kinds, created_at::text, updated_at::text, revoked_at';
    assert.deepEqual(
      await sides.auth.query(`${same} from clients order by id`),
      await sides.monolith.query(`${same} from api_clients order by id`),
    );
  });

  test('repeated, changes nothing and reads only changed rows', async () => {
    await sides.addClients(5);
    await run();
    const second = await run();
    assert.deepEqual([second.read, second.inserted, second.updated], [0, 0, 0]);
    assert.notEqual(second.since, null);
    const full = await run('--full');
    assert.deepEqual([full.read, full.unchanged, full.since], [5, 5, null]);
  });

  test('copies changes, new clients and revocations', async () => {
    const [first, second] = await sides.addClients(3);
    await run();
    await sides.monolith.query("update api_clients set name = 'new', updated_at = now() where id = $1", [first]);
    await sides.monolith.query('update api_clients set revoked_at = now(), updated_at = now() where id = $1', [second]);
    await sides.addClients(1, new Date().toISOString());
    const report = await run();
    assert.deepEqual([report.read, report.inserted, report.updated], [3, 1, 2]);
    const [revoked] = await sides.auth.query<{ revoked: boolean }>(
      'select revoked_at is not null as revoked from clients where id = $1',
      [second],
    );
    assert.equal(revoked?.revoked, true);
  });

  test('reads rows again that a long transaction at the source may have committed late', async () => {
    await sides.addClients(1);
    await run();
    await sides.addClients(1, new Date(Date.now() - 60_000).toISOString());
    assert.equal((await run()).inserted, 1);
  });

  test('keeps an upgraded hash until the secret changes at the source', async () => {
    const [id] = await sides.addClients(1);
    await run();
    const fast = `$sha256$${'0'.repeat(32)}$${'A'.repeat(43)}`;
    await sides.auth.query('update clients set secret_hash = $1', [fast]);
    await sides.monolith.query("update api_clients set name = 'n', updated_at = now() where id = $1", [id]);
    assert.equal((await run()).updated, 1);
    const hash = async () =>
      (await sides.auth.query<{ secret_hash: string }>('select secret_hash from clients'))[0]?.secret_hash;
    assert.equal(await hash(), fast);
    const changed = hashLike('changed');
    await sides.monolith.query('update api_clients set secret_hash = $1, updated_at = now()', [changed]);
    await run();
    assert.equal(await hash(), changed);
  });

  test('a dry run reports what a run would do, and changes nothing', async () => {
    await sides.addClients(4);
    const report = await run('--dry-run', '--chunk', '2');
    assert.deepEqual([report.dryRun, report.read, report.inserted], [true, 4, 4]);
    assert.deepEqual(await there(), []);
    assert.deepEqual(await sides.auth.query('select * from import.progress'), []);
    assert.equal((await run()).inserted, 4);
  });

  test('continues a run that was aborted', async () => {
    const ids = await sides.addClients(6);
    const stop = new AbortController();
    const opened = openSides(authClients, { from: sides.monolith.url, to: sides.auth.url }, {});
    const options = {
      chunk: 2,
      full: false,
      dryRun: false,
      prune: false,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    };
    const broken = await backfill(authClients, opened, options);
    await opened.close();
    assert.deepEqual([broken.finished, broken.read], [false, 2]);

    const rest = await run();
    assert.deepEqual([rest.resumedAfter, rest.read, rest.inserted, rest.finished], [ids[1], 4, 4, true]);
    assert.deepEqual(await there(), ids);
    const [progress] = await sides.auth.query<{ last_key: string | null; watermark: string }>(
      'select last_key, watermark::text from import.progress',
    );
    assert.equal(progress?.last_key, null);
    assert.ok(progress?.watermark);
  });

  test('rolls back a chunk that fails, and the next run continues from there', async () => {
    const ids = await sides.addClients(4);
    // Another client at the target has the client id of the last row.
    await sides.auth.query(
      `insert into clients (id, client_id, name, identifier_kinds, created_at, updated_at)
       select gen_random_uuid(), $1, 'made here', '{}', now(), now()`,
      [
        (
          await sides.monolith.query<{ client_id: string }>('select client_id from api_clients where id = $1', [ids[3]])
        )[0]?.client_id,
      ],
    );
    const failed = await sides.migrate('backfill', 'auth-clients', '--chunk', '2');
    assert.equal(failed.code, 1);
    assert.doesNotMatch(failed.error, /scrypt|\n {4}at /);
    assert.deepEqual(
      (await there()).filter((id) => ids.includes(id)),
      ids.slice(0, 2),
    );
    await sides.auth.query("delete from clients where name = 'made here'");
    assert.equal((await run()).resumedAfter, ids[1]);
    assert.deepEqual(await there(), ids);
  });

  test('reports rows that the service cannot use, without their secrets, and copies the others', async () => {
    const [bad] = await sides.addClients(3);
    await sides.monolith.query("update api_clients set secret_hash = 'hunter2' where id = $1", [bad]);
    const outcome = await sides.migrate('backfill', 'auth-clients');
    assert.equal(outcome.code, 1);
    assert.match(outcome.out, new RegExp(`refused, .*: ${bad}`));
    assert.doesNotMatch(outcome.out + outcome.error, /hunter2/);
    assert.equal((await there()).length, 2);
  });

  test('copies while the source is being written to', async () => {
    await sides.addClients(20);
    const writing = (async () => {
      for (let n = 0; n < 20; n++) {
        await sides.monolith.query("update api_clients set name = name || '!', updated_at = clock_timestamp()");
      }
    })();
    await run('--chunk', '1');
    await writing;
    await run();
    assert.equal((await sides.report<{ equal: boolean }>('parity', 'auth-clients')).equal, true);
  });

  describe('after the source was replaced by rows with older dates', () => {
    const equal = async () => (await sides.report<{ equal: boolean }>('parity', 'auth-clients')).equal;

    test('copies rows that the target does not have, although they look old', async () => {
      await sides.addClients(3);
      await run();
      await sides.addClients(5, '2018-03-01T00:00:00Z');
      const report = await run();
      assert.deepEqual([report.code, report.read, report.inserted, report.mended], [0, 5, 5, 5]);
      assert.equal(await equal(), true);
    });

    test('copies rows whose date went back, and keeps an upgraded hash', async () => {
      const [first, second] = await sides.addClients(2);
      await run();
      const fast = `$sha256$${'0'.repeat(32)}$${'A'.repeat(43)}`;
      await sides.auth.query('update clients set secret_hash = $1 where id = $2', [fast, first]);
      await sides.monolith.query("update api_clients set name = 'again', updated_at = '2018-01-01T00:00:00Z'");
      const report = await run();
      assert.deepEqual([report.code, report.updated, report.mended], [0, 2, 2]);
      assert.equal(await equal(), true);
      const hashes = await sides.auth.query<{ id: string; secret_hash: string }>('select id, secret_hash from clients');
      const hashOf = (id: string | undefined) => hashes.find((row) => row.id === id)?.secret_hash;
      assert.equal(hashOf(first), fast);
      assert.notEqual(hashOf(second), fast);
    });

    test('copies rows again that were changed or deleted in the service', async () => {
      const [changed, gone] = await sides.addClients(4);
      await run();
      await sides.auth.query("update clients set name = 'tampered' where id = $1", [changed]);
      await sides.auth.query('delete from clients where id = $1', [gone]);
      const report = await run();
      assert.deepEqual([report.inserted, report.updated], [1, 1]);
      assert.equal(await equal(), true);
    });

    test('keeps records that the source no longer has until --prune, and reports them', async () => {
      const ids = await sides.addClients(4);
      await run();
      await sides.monolith.query('delete from api_clients where id = any($1)', [ids.slice(0, 3)]);
      const told = await sides.migrate('backfill', 'auth-clients');
      assert.match(told.out, /3 are only in the service: --prune/);
      assert.match((await sides.migrate('parity', 'auth-clients')).out, /backfill auth-clients --prune/);
      const tried = await run('--prune', '--dry-run');
      assert.deepEqual([tried.removed, tried.extra, (await there()).length], [3, 0, 4]);
      const report = await run('--prune');
      assert.deepEqual([report.code, report.removed, report.extra], [0, 3, 0]);
      assert.deepEqual(await there(), ids.slice(3));
      assert.equal(await equal(), true);
    });

    test('prunes nothing when the source is empty', async () => {
      await sides.addClients(2);
      await run();
      await sides.monolith.query('delete from api_clients');
      const { code, error } = await sides.migrate('backfill', 'auth-clients', '--prune');
      assert.deepEqual([code, /no records at all/.test(error)], [1, true]);
      assert.equal((await there()).length, 2);
    });

    test('copies a client with the client id of a deleted one after that is pruned', async () => {
      const [gone] = await sides.addClients(1);
      await run();
      await sides.monolith.query('update api_clients set id = gen_random_uuid() where id = $1', [gone]);
      const report = await run('--prune');
      assert.deepEqual([report.code, report.removed, report.inserted], [0, 1, 1]);
      assert.equal(await equal(), true);
    });
  });
});
