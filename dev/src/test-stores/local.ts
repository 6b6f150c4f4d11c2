import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { describe } from '../report/lines.ts';
import { startStack } from '../stack/stack.ts';
import type { TestStore } from './running-store.ts';

/**
 * Starts stores as servers of this machine, with throwaway data.
 * @returns each one, or why it is missing.
 */
export async function localStores(
  names: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Map<string, TestStore | string>> {
  const urls = names.map((name) => [`${name.toUpperCase()}_URL`, undefined]);
  const stack = await startStack({
    only: names,
    // A name of its own, directly in the folder of temporary files: a server under another user must be able to reach
    // it.
    dataDir: tmpdir(),
    stack: `banyan-stores-${randomBytes(6).toString('hex')}`,
    ports: 'auto',
    throwaway: true,
    // A URL for the platform is not for tests.
    variables: { ...variables, ...Object.fromEntries(urls) },
    onEvent: (event) => {
      if (event.event === 'preparing') console.error(`stores: ${describe(event)}`);
    },
  });
  const { stores } = stack.status();
  const found = names.map((name): [string, TestStore | string] => {
    const store = stores[name];
    if (store?.state !== 'ready') return [name, store?.reason || 'it did not start'];
    return [name, { url: store.url, source: store.source, stop: () => stack.stop() }];
  });
  if (found.every(([, store]) => typeof store === 'string')) await stack.stop();
  return new Map(found);
}
