import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StackStatus } from '../stack/status.ts';
import { failure } from './failure.ts';

const one = { kind: 'process', reason: '', pid: null, restarts: 0, url: '', urls: {} } as const;
const status: StackStatus = {
  pid: 1,
  folder: '/stack',
  credentials: null,
  processes: { shop: { ...one, state: 'crashed', log: '/stack/logs/shop.log' } },
  stores: {
    postgres: {
      state: 'down',
      reason: '',
      pid: null,
      log: '/stack/logs/postgres.log',
      url: '',
      source: '',
      data: null,
    },
  },
};

describe('the output of a failed start', () => {
  test('the first line says what failed, the next what to do', () => {
    assert.deepEqual(failure([{ name: 'shop', reason: 'exit code 3: no key' }], status).split('\n'), [
      'Banyan is not up. shop: exit code 3: no key',
      'Look into /stack/logs/shop.log; then run npm start again.',
    ]);
  });

  test('names no log when no process was started', () => {
    assert.equal(failure([{ name: 'postgres', reason: 'set X' }], status), 'Banyan is not up. postgres: set X');
  });
});
