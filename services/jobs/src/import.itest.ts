import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Change, digestOf, type State, versionOf } from '@banyan/kit/import';
import { openStore, type Store } from './store.ts';

const job = '0b0b0b0b-0000-4000-8000-00000000000a';
const at = '2026-01-02T03:04:05.123456Z';
const now = Date.parse('2026-01-02T04:00:00Z');

let folder: string;
let store: Store;
let counter = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jobs-'));
  store = openStore({ path: join(folder, 'jobs.duckdb'), now: () => now, onFatal: () => {} });
  await store.applySchema();
  const { ownership } = await store.moves.ownership('jobs');
  await store.moves.changeOwnership('jobs', ownership, { epoch: 1, state: 'follower', wayBack: false });
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const reply = {
  ...{ hash: 'a'.repeat(64), client: 'client_credentials c', customer: '', method: 'POST', path: '/v2/jobs', key: 'k' },
  ...{ body_hash: 'b'.repeat(64), status: 201, reply: `{"data":{"id":"${job}"}}`, created_at: at },
};
const state = {
  ...{ job_type: 'order_export', filter: "eq(email,é 😀 ')", status: 'failed', error: 'No', attempts: 2 },
  ...{ leased_until: at, pieces: null, created_at: at, updated_at: at, replies: [reply] },
};
const change = (key: string, given: State | null): Change => ({ key, version: versionOf(1, ++counter), state: given });
const apply = async (...changes: Change[]) =>
  (await store.moves.apply('jobs', 1, changes)).map(({ outcome }) => outcome);
const digests = async () => (await store.moves.digests('jobs', { after: null, to: null, members: true })).members ?? [];

test('a job, its reply and the pieces of its file come as they are, in the order of their keys', async () => {
  const piece = { content: 'a,"b"\r\n😀\t' };
  const given: [string, State][] = [
    [`${job}/000010`, piece],
    [`${job}/000002`, { content: '' }],
    [job, state],
  ];
  assert.deepEqual(await apply(...given.map(([key, one]) => change(key, one))), ['applied', 'applied', 'applied']);
  assert.deepEqual(
    await digests(),
    given.toReversed().map(([key, one]) => ({ key, digest: digestOf(key, one) })),
  );
  assert.deepEqual(await apply(change(`${job}/000002`, null), change(job, { ...state, replies: [] })), [
    'applied',
    'applied',
  ]);
  assert.deepEqual((await digests()).length, 2);
});

test('a state that is none is refused, and by its member', async () => {
  const outcomes = await store.moves.apply('jobs', 1, [
    change(job, { ...state, status: 'tea' }),
    change(job, { ...state, created_at: 'soon' }),
    change(`${job}/000000`, { content: 5 }),
  ]);
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ['refused', 'refused'],
    'one for each key',
  );
  await assert.rejects(apply(change(`${job}/1`, { content: 'x' })), /the key of something else/);
});

test('of a large batch the newer ones count, and what is gone stays gone', async () => {
  const id = (n: number) => `0b0b0b0b-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const of = (n: number, attempts: number): State => {
    const own = { ...reply, hash: String(n).padStart(64, '0') };
    return n % 3 === 0 ? { content: `piece ${attempts}` } : { ...state, attempts, replies: n % 2 ? [own] : [] };
  };
  const key = (n: number) => (n % 3 === 0 ? `${id(n)}/000000` : id(n));
  const numbers = Array.from({ length: 600 }, (_, n) => n + 100);
  const batch = (attempts: number, isGone: (n: number) => boolean = () => false) =>
    numbers.map((n) => change(key(n), isGone(n) ? null : of(n, attempts)));
  const late = batch(1);
  const first = batch(2);
  const second = batch(3, (n) => n % 5 === 0);
  assert.ok((await apply(...first)).every((outcome) => outcome === 'applied'));
  // Half of the second batch is here before the rest of it, among older ones.
  const mixed = numbers.map((_, n) => (n % 2 === 0 ? second[n] : late[n])).filter((one) => one !== undefined);
  assert.deepEqual(
    await apply(...mixed),
    numbers.map((_, n) => (n % 2 === 0 ? 'applied' : 'older')),
  );
  assert.ok(
    (await apply(...second)).every((outcome) => outcome === 'applied'),
    'sent once more, it does no harm',
  );
  assert.ok(
    (await apply(...late)).every((outcome) => outcome === 'older'),
    'nothing comes back',
  );
  const wanted = numbers.filter((n) => n % 5 !== 0).map((n) => ({ key: key(n), digest: digestOf(key(n), of(n, 3)) }));
  const found = new Map((await digests()).map((one) => [one.key, one.digest]));
  assert.deepEqual(
    wanted.filter((one) => found.get(one.key) !== one.digest),
    [],
  );
  assert.equal(numbers.filter((n) => n % 5 === 0 && found.has(key(n))).length, 0);
});

test('changes are handed over some at a time, since files are large', async () => {
  const follower = { epoch: 1, state: 'follower', wayBack: false } as const;
  await store.moves.changeOwnership('jobs', follower, { epoch: 2, state: 'owner', wayBack: true });
  await store.moves.write('jobs', async (_tx, changed) => changed(job));
  await store.moves.repeat(
    'jobs',
    Array.from({ length: 30 }, (_, n) => `${job}/${String(100 + n).padStart(6, '0')}`),
  );
  const first = await store.moves.changes('jobs', 5_000);
  assert.deepEqual([first.changes.length, first.more], [20, true]);
  await store.moves.acknowledge('jobs', first.changes);
  const second = await store.moves.changes('jobs', 5_000);
  assert.deepEqual([second.changes.length, second.more], [11, false]);
});
