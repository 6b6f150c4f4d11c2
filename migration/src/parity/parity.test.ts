import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, rangeDigest, type State } from '@banyan/kit/import';
import { brands } from '../resources/brands.ts';
import type { Queryable } from '../resources/queryable.ts';
import type { ServiceSide } from '../service/service-side.ts';
import { parity } from './parity.ts';

/** One aggregate on both sides, each side's state by how often it was read before. */
function compare(owner: (read: number) => State, follower: (read: number) => State) {
  const reads = { owner: 0, follower: 0 };
  const db = {
    query: async (text: string) => ({
      rows: [text === brands.keys ? { key: 'k' } : { key: 'k', state: owner(reads.owner++) }],
    }),
  } as unknown as Queryable;
  const service = {
    digests: async () => {
      const members = [{ key: 'k', digest: digestOf('k', follower(reads.follower++)) }];
      return { count: 1, digest: rangeDigest(members.map(({ digest }) => digest)), members };
    },
  } as unknown as ServiceSide;
  return parity(brands, { db, service, monolithOwns: true, settle: async () => {}, now: () => new Date(0) });
}

test('an aggregate that never stops changing is not called different', async () => {
  const { report } = await compare(
    (read) => ({ n: read }),
    (read) => ({ n: `${read} before` }),
  );
  assert.deepEqual([report.divergent, report.raced, report.clean], [0, 1, true]);
});

test('an aggregate that differs while its owner stands still is different', async () => {
  const { report } = await compare(
    () => ({ n: 1 }),
    () => ({ n: 2 }),
  );
  assert.deepEqual([report.divergent, report.raced, report.clean], [1, 0, false]);
});
