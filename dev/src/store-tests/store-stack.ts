import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { StackOptions } from '../stack/options.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import type { StoreStatus } from '../stack/status.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** A stack for a test with one store of the platform's own Compose file. Stop it afterwards. */
export function storeStack(
  name: string,
  dataDir: string,
  variables: Variables = {},
  options: StackOptions = {},
): Promise<Stack> {
  const url = `${name.toUpperCase()}_URL`;
  const own = { ...process.env, [url]: undefined, ...variables };
  return startStack({ only: [name], dataDir, ports: 'auto', variables: own, ...options });
}

/** The status of the stack's store, which is ready. */
export function readyStore(stack: Stack, name: string): StoreStatus {
  const store = stack.status().stores[name];
  assert.ok(store !== undefined);
  assert.equal(store.state, 'ready', store.reason);
  return store;
}

/** Whether the machine cannot have the store; the test is then skipped, and says how to get it. */
export function cannotHave(stack: Stack, name: string, test: TestContext): boolean {
  const { state, reason = '' } = stack.status().stores[name] ?? {};
  const missing = state === 'down' && reason.startsWith('no ');
  if (missing) test.skip(reason);
  return missing;
}
