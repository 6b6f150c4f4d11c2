import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { DevError, messageOf } from '../errors.ts';
import { startStack } from '../stack/stack.ts';
import { containerStore } from './container.ts';
import type { TestStore } from './running-store.ts';

/**
 * A PostgreSQL server for tests: the one that TEST_POSTGRES_URL names already, otherwise a container where Docker
 * responds, otherwise a server that the launcher finds and starts with data of its own. `BANYAN_TEST_STORES` =
 * `container` or `local` allows only that kind.
 */
export async function testStore(variables: Readonly<Record<string, string | undefined>>): Promise<TestStore> {
  const given = variables.TEST_POSTGRES_URL;
  if (given) return { url: given, source: 'TEST_POSTGRES_URL', stop: async () => {} };
  const only = variables.BANYAN_TEST_STORES;
  let whyNot = '';
  if (only !== 'local') {
    try {
      const store = await containerStore();
      if (store !== null) return store;
      whyNot = 'Docker does not respond';
    } catch (error) {
      whyNot = messageOf(error);
    }
    if (only === 'container') throw new DevError('store_unavailable', `no container for tests: ${whyNot}`);
  }
  return localStore(variables, whyNot);
}

async function localStore(variables: Readonly<Record<string, string | undefined>>, whyNot: string): Promise<TestStore> {
  const stack = await startStack({
    only: ['postgres'],
    // A name of its own, directly in the folder of temporary files: a server under another user must be able to reach
    // it.
    dataDir: tmpdir(),
    stack: `banyan-stores-${randomBytes(6).toString('hex')}`,
    ports: 'auto',
    throwaway: true,
    variables: { ...variables, POSTGRES_URL: undefined },
  });
  const { state, reason, url, source } = stack.status().stores.postgres ?? {
    state: 'down',
    reason: '',
    url: '',
    source: '',
  };
  if (state !== 'ready') {
    await stack.stop();
    throw new DevError('store_unavailable', reason);
  }
  const because = whyNot === '' ? '' : ` (${whyNot})`;
  return { url: `${url}/postgres`, source: `${source}${because}`, stop: () => stack.stop() };
}
