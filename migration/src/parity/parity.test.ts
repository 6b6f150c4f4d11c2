import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DigestsRequest, digestOf, rangeDigest, type State } from '@banyan/kit/import';
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

test('ranges of large aggregates are short, and are whole together', async () => {
  const all = ['a', 'b', 'c', 'd', 'e'];
  const state = { n: 1 };
  const db = {
    query: async (text: string, [given]: [string | null | string[]]) => ({
      rows:
        text === brands.keys
          ? all.filter((key) => given === null || key > String(given)).map((key) => ({ key }))
          : [given].flat().map((key) => ({ key, state })),
    }),
  } as unknown as Queryable;
  const asked: [after: string | null, to: string | null][] = [];
  const service = {
    digests: async (_: unknown, { after, to }: DigestsRequest) => {
      asked.push([after, to]);
      const keys = all.filter((key) => (after === null || key > after) && (to === null || key <= to));
      return { count: keys.length, digest: rangeDigest(keys.map((key) => digestOf(key, state))) };
    },
  } as unknown as ServiceSide;
  const sides = { db, service, monolithOwns: true, settle: async () => {}, now: () => new Date(0) };
  const { report } = await parity({ ...brands, weight: () => 400 }, sides);
  assert.deepEqual(asked, [
    [null, 'b'],
    ['b', 'd'],
    ['d', null],
  ]);
  assert.deepEqual([report.compared, report.clean], [5, true]);
});
