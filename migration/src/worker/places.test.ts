import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Journal } from '../journal/journal.ts';
import type { Mover } from '../mover/mover.ts';
import { authClients } from '../resources/auth-clients.ts';
import { brandLinks } from '../resources/brands.ts';
import type { MeshAdmin, RuleWeights } from '../switch/mesh-admin.ts';
import { placeOf } from './places.ts';
import type { ResourceStatus } from './status.ts';

const mover = { parts: { resource: authClients, service: { ownership: async () => ({}) } } } as unknown as Mover;
const status = { owner: 'monolith', backfill: { doneAt: 'today' }, operation: null, failure: null };

async function place(weights: () => Promise<RuleWeights[]>) {
  const mesh = { weights } as unknown as MeshAdmin;
  const found = await placeOf(mover, status as unknown as ResourceStatus, {} as Journal, mesh);
  return [found.at, found.moved, found.follows, found.copied, found.failure];
}

test('a resource whose owner does not change is where the weights of its route are', async () => {
  const at = (auth: number, setBy: string | null) =>
    place(async () => [{ rule: 'by-weight', weights: { monolith: 100 - auth, auth }, setBy }]);
  assert.deepEqual(await at(0, null), ['monolith', false, true, true, null]);
  assert.deepEqual(await at(0, 'ann'), ['monolith', true, true, true, null]);
  assert.deepEqual(await at(10, 'ann'), ['split', true, true, true, null]);
  assert.deepEqual(await at(100, 'migration'), ['service', true, true, true, null]);
});

test('a resource that no route serves is where it was copied to', async () => {
  const at = async (doneAt: string | null) => {
    const parts = { resource: brandLinks, service: { ownership: async () => ({}) } };
    const found = await placeOf(
      { parts } as unknown as Mover,
      { ...status, backfill: { doneAt } } as unknown as ResourceStatus,
      {} as Journal,
      {} as MeshAdmin,
    );
    return [found.at, found.moved, found.follows, found.copied];
  };
  assert.deepEqual(await at(null), ['monolith', false, true, false]);
  assert.deepEqual(await at('today'), ['service', true, true, true]);
});

test('its place is unknown while the mesh does not respond', async () => {
  const unknown = await place(async () => {
    throw new Error('the mesh does not respond');
  });
  assert.deepEqual(unknown, [null, false, true, true, 'the mesh does not respond']);
});
