import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareStore } from './prepare-store.ts';

function recorded(applied: string[]) {
  const calls: unknown[] = [];
  const store = {
    applySchema: async () => {
      calls.push('schema');
      return applied;
    },
    moves: {
      ownAlone: async (group: string) => {
        calls.push(`own ${group}`);
      },
    },
  };
  return { calls, store, logger: { info: (members: unknown) => calls.push(members) } };
}

test('a service that takes part in no migration owns its data once its schema is up to date', async () => {
  const { calls, store, logger } = recorded(['001_things.sql']);
  assert.equal(await prepareStore(store, 'things', {}, logger), true);
  assert.deepEqual(calls, ['schema', { applied: ['001_things.sql'] }, 'own things']);
});

test('a service that takes part in a migration waits for its data', async () => {
  const { calls, store, logger } = recorded([]);
  assert.equal(await prepareStore(store, 'things', { MIGRATION_TOKEN: 'x'.repeat(16) }, logger), false);
  assert.deepEqual(calls, ['schema']);
});
