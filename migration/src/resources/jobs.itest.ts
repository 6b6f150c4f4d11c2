import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { type Change, digestOf, type State, versionOf } from '@banyan/kit/import';
import pg from 'pg';
import { attach, detach } from '../monolith/attach.ts';
import { changeOwnership } from '../monolith/fence.ts';
import { Relay } from '../relay/relay.ts';
import { applyToMonolith } from '../reverse/reverse.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { carts } from './carts.ts';
import { jobs } from './jobs.ts';
import { notOwner } from './not-owner.ts';

const at = '2026-01-02 03:04:05.123456Z';

let database: TestMonolith;
let pool: pg.Pool;
let counter = 0;

before(async () => {
  database = await createTestMonolith();
  pool = database.pool;
  await attach(pool, jobs, 1);
});
after(() => database?.drop());
beforeEach(async () => {
  await pool.query("update migration.ownership set state = 'owner', epoch = 1");
  await pool.query('delete from job_files');
  await pool.query('delete from jobs');
  await pool.query('delete from idempotency_keys');
  await pool.query('delete from migration.notes');
});

const noted = async () => {
  const { rows } = await pool.query<{ key: string }>('delete from migration.notes returning key');
  return [...new Set(rows.map(({ key }) => key))].sort();
};
const make = async (filter = '') => {
  const { rows } = await pool.query<{ id: string }>(
    "insert into jobs (job_type, filter, created_at, updated_at) values ('order_export', $1, $2, $2) returning id",
    [filter, at],
  );
  return rows[0]?.id ?? '';
};
const piece = (id: string, position: number, content: string) =>
  pool.query('insert into job_files (job_id, position, content) values ($1, $2, $3)', [id, position, content]);
const keyed = (path: string, jobId: string | null) =>
  pool.query(
    `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
     values (sha256($1::bytea), 'c', '', 'POST', $2, 'k', sha256('b'), $3, $4, now())`,
    [randomUUID(), path, jobId && 201, jobId && JSON.stringify({ data: { id: jobId } })],
  );
const states = async (...keys: string[]): Promise<Map<string, State>> => {
  const { rows } = await pool.query<{ key: string; state: State }>(jobs.states, [keys]);
  return new Map(rows.map(({ key, state }) => [key, state]));
};
const keys = async (after: string | null, limit: number) =>
  (await pool.query<{ key: string }>(jobs.keys, [after, limit])).rows.map(({ key }) => key);
const follow = () => changeOwnership(pool, 'jobs', { epoch: 1, state: 'owner' }, { epoch: 2, state: 'follower' });
const apply = (changes: readonly (readonly [string, State | null])[]) =>
  applyToMonolith(
    pool,
    jobs,
    2,
    changes.map(([key, state]) => ({ key, version: versionOf(2, ++counter), state })),
    'http://shop.test',
  );

test('a job, each piece of its file and a reply that made it note their keys', async () => {
  const id = await make();
  assert.deepEqual(await noted(), [id]);
  await piece(id, 0, 'a');
  await piece(id, 12, 'b');
  assert.deepEqual(await noted(), [`${id}/000000`, `${id}/000012`]);
  await keyed('/v2/jobs', id);
  assert.deepEqual(await noted(), [id]);
  await keyed('/v2/jobs', null);
  await keyed('/v2/carts', randomUUID());
  assert.deepEqual(await noted(), []);
  await pool.query('delete from job_files where position = 12');
  assert.deepEqual(await noted(), [`${id}/000012`]);
});

test('carts and jobs both note the table of replies, and either may be detached', async () => {
  await attach(pool, carts, 1);
  const id = await make();
  await noted();
  await keyed('/v2/jobs', id);
  await keyed('/v2/carts', 'a-cart');
  assert.deepEqual(await noted(), [id, 'a-cart'].sort());
  await detach(pool, carts, [jobs]);
  await keyed('/v2/carts', 'a-cart');
  await keyed('/v2/jobs', id);
  assert.deepEqual(await noted(), [id]);
});

test('keys are in bytewise order, a job before its pieces, in chunks', async () => {
  const made = [await make(), await make(), await make()].sort();
  for (const id of made) for (const position of [10, 2]) await piece(id, position, 'x');
  const all = made.flatMap((id) => [id, `${id}/000002`, `${id}/000010`]);
  assert.deepEqual(all, all.toSorted());
  assert.deepEqual(await keys(null, 100), all);
  assert.deepEqual(await keys(all[3] ?? null, 2), all.slice(4, 6));
  assert.deepEqual((await pool.query(jobs.count)).rows, [{ count: 9 }]);
});

test('come back as they went: to the microsecond, with replies and files', async () => {
  const id = await make("eq(email,é 😀 ')");
  await pool.query(
    "update jobs set status = 'failed', error = 'No', attempts = 2, pieces = 3, leased_until = $2 where id = $1",
    [id, at],
  );
  await piece(id, 0, 'a,"b"\r\n😀\t');
  await keyed('/v2/jobs', id);
  const all = await states(id, `${id}/000000`, randomUUID(), `${id}/000001`);
  assert.deepEqual([...all.keys()].sort(), [id, `${id}/000000`]);
  assert.equal(all.get(id)?.leased_until, '2026-01-02T03:04:05.123456Z');
  await pool.query('delete from job_files');
  await pool.query('delete from jobs');
  await pool.query('delete from idempotency_keys');
  await noted();
  await follow();
  // A piece may come before its job.
  assert.equal(await apply([...all].reverse()), 2);
  const back = await states(...all.keys());
  for (const [key, state] of all) assert.equal(digestOf(key, back.get(key) ?? {}), digestOf(key, state), key);
  assert.deepEqual(await noted(), []);
  await apply([[`${id}/000000`, null]]);
  assert.deepEqual([...(await states(...all.keys())).keys()], [id]);
});

test('are written by their owner only', async () => {
  const id = await make();
  await piece(id, 0, 'a');
  await follow();
  await assert.rejects(make(), { code: notOwner });
  await assert.rejects(piece(id, 1, 'x'), { code: notOwner });
  await assert.rejects(pool.query("update jobs set status = 'processing'"), { code: notOwner });
  await assert.rejects(pool.query('delete from job_files'), { code: notOwner });
});

test('many pieces of files travel some at a time, and each note goes with its own', async () => {
  const id = await make();
  await pool.query(
    "insert into job_files (job_id, position, content) select $1, n, 'x' from generate_series(0, 44) as n",
    [id],
  );
  const all = await keys(null, 100);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const sent: string[][] = [];
  const relay = await Relay.open(client, async (_resource, _epoch, changes: readonly Change[]) => {
    sent.push(changes.map(({ key }) => key));
    return changes.map(({ key }) => ({ key, outcome: 'applied' }));
  });
  try {
    while ((await relay.pass(jobs)).more);
    assert.deepEqual(sent.flat().sort(), all);
    assert.deepEqual(await noted(), []);
    for (let after: string | null = null; ; ) {
      const { last, delivered } = await relay.chunk(jobs, after, 1_000);
      await delivered;
      if (last === null) break;
      after = last;
    }
    assert.deepEqual(sent.flat().slice(all.length), all, 'a backfill leaves none out');
    assert.ok(sent.every((some) => some.length <= 20));
  } finally {
    await client.end();
  }
});
