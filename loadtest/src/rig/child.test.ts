import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startChild } from './child.ts';

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

test('a child that does not serve in time is killed, and the polling stops', async () => {
  const before = timers();
  const start = startChild({
    file: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)'],
    ready: null,
    responds: async () => false,
    withinMs: 300,
  });
  await assert.rejects(start, /does not serve/);
  assert.ok(timers() <= before, 'a timer would keep the process alive for ever');
});

test('a child that ends early is reported with its last output', async () => {
  const start = startChild({
    file: process.execPath,
    args: ['-e', 'console.error("no such port"); process.exit(1)'],
    ready: null,
    responds: async () => false,
  });
  await assert.rejects(start, /no such port/);
});
