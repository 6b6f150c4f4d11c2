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
