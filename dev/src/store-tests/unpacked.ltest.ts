import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freshFolder } from '../testing.ts';
import { cannotHave, readyStore, storeStack } from './store-stack.ts';

/** Downloads Debian's own packages into the cache of the checkout, the first time. */
describe("a store from Debian's packages", () => {
  for (const name of ['mariadb', 'redis', 'rabbitmq']) {
    test(`runs as ${name}`, async (t) => {
      const stack = await storeStack(name, freshFolder(), { [`BANYAN_${name.toUpperCase()}`]: 'debian' });
      try {
        if (cannotHave(stack, name, t)) return;
        assert.match(readyStore(stack, name).source, /from Debian's packages$/);
      } finally {
        await stack.stop();
      }
    });
  }
});
