import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLogger } from '../observe/log.ts';
import { until } from '../testing/until.ts';
import { closeOnSignal } from './lifecycle.ts';

const logger = createLogger({ level: 'silent', service: 'test' });

function fakeProcess() {
  const listeners = new Map<string, () => void>();
  const exits: number[] = [];
  return {
    exits,
    signal: (name: string) => listeners.get(name)?.(),
    target: {
      once: (name: string, listener: () => void) => listeners.set(name, listener),
      exit: (code: number) => exits.push(code),
    },
  };
}

describe('closing on a signal', () => {
  for (const name of ['SIGTERM', 'SIGINT']) {
    test(`${name} closes once and exits with 0`, async () => {
      const { exits, signal, target } = fakeProcess();
      let closed = 0;
      const close = async () => {
        closed += 1;
      };
      closeOnSignal({ close }, logger, 10_000, target);
      signal(name);
      signal(name === 'SIGTERM' ? 'SIGINT' : 'SIGTERM');
      await until('the exit', () => exits.length > 0);
      assert.deepEqual([closed, exits], [1, [0]]);
    });
  }

  test('a failure to close exits with 1', async () => {
    const { exits, signal, target } = fakeProcess();
    closeOnSignal({ close: () => Promise.reject(new Error('no')) }, logger, 10_000, target);
    signal('SIGTERM');
    await until('the exit', () => exits.length > 0);
    assert.deepEqual(exits, [1]);
  });

  test('exits with 1 when closing takes longer than the grace period', async () => {
    const { exits, signal, target } = fakeProcess();
    closeOnSignal({ close: () => new Promise(() => {}) }, logger, 5, target);
    signal('SIGTERM');
    await until('the exit', () => exits.length > 0);
    assert.deepEqual(exits, [1]);
  });
});
