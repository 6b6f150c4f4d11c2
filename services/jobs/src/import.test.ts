import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DuckdbTransaction } from '@banyan/kit/duckdb';
import { jobsImport } from './import.ts';

const at = '2026-01-02T03:04:05.123456Z';
const reply = {
  ...{ client: 'c', customer: '', method: 'POST', path: '/v2/jobs', key: 'k', body_hash: 'b'.repeat(64), status: 201 },
  ...{ reply: '{}', created_at: at },
};
const job = {
  job_type: 'order_export' as const,
  status: 'complete' as const,
  ...{ filter: '', error: null, attempts: 1, leased_until: null, pieces: 1, created_at: at, updated_at: at },
};

test('a batch takes a few statements a table, whatever its length', async () => {
  const ran: string[] = [];
  const tx = {
    // Nothing is there yet.
    query: async ({ name }: { name: string }) => {
      ran.push(name);
      return [];
    },
    run: async ({ name }: { name: string }) => {
      ran.push(name);
      return 0;
    },
    append: async (table: string) => {
      ran.push(`append ${table}`);
    },
  } as unknown as DuckdbTransaction;
  const id = (n: number) => `0b0b0b0b-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const changes = Array.from({ length: 500 }, (_, n) => [
    { key: id(n), state: { ...job, replies: [{ ...reply, hash: String(n).padStart(64, '0') }] } },
    { key: `${id(n)}/000000`, state: { content: 'x' } },
    { key: id(n + 1_000), state: null },
    { key: `${id(n + 1_000)}/000000`, state: null },
  ]).flat();
  await jobsImport(() => 0).apply(tx, changes);
  assert.deepEqual(ran, [
    ...['import_drop_jobs', 'import_drop_pieces', 'kit_jobs_present', 'append jobs'],
    ...['kit_replies_present', 'append replies', 'import_put_pieces'],
  ]);
  ran.length = 0;
  await jobsImport(() => 0).apply(tx, changes.slice(0, 1));
  assert.deepEqual(
    ran,
    ['kit_jobs_one', 'append jobs', 'kit_replies_one', 'append replies'],
    'and none for what it does not hold',
  );
});
