import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fixture, freshFolder } from '../testing.ts';
import { ask } from './control.ts';
import { startStack } from './stack.ts';

const options = { composeFile: fixture('storeless.yml'), only: ['shop'], ports: 'auto' as const };

describe("the lock on a stack's folder", () => {
  test('a second start is refused with the URLs of the first', async () => {
    const dataDir = freshFolder();
    const first = await startStack({ ...options, dataDir });
    const url = first.processes.shop?.url ?? '';
    await assert.rejects(startStack({ ...options, dataDir }), (error: Error & { code?: string }) => {
      return error.code === 'already_running' && error.message.includes(url);
    });
    // The refusal has done no harm to the first.
    assert.equal((await fetch(url)).status, 200);
    await first.stop();
    assert.equal(await ask(first.folder, { command: 'status' }), null);
  });

  test('of several starts at once, one succeeds', async () => {
    const dataDir = freshFolder();
    const starts = await Promise.allSettled([1, 2, 3].map(() => startStack({ ...options, dataDir })));
    const won = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    assert.equal(won.length, 1);
    assert.equal(won[0]?.processes.shop?.state, 'ready');
    await won[0]?.stop();
  });

  test('a stack with another name runs beside it', async () => {
    const dataDir = freshFolder();
    const [one, two] = await Promise.all(['one', 'two'].map((stack) => startStack({ ...options, dataDir, stack })));
    assert.notEqual(one?.processes.shop?.url, two?.processes.shop?.url);
    await Promise.all([one?.stop(), two?.stop()]);
  });

  test('the socket of a killed launcher does not block a start', async () => {
    const dataDir = freshFolder();
    const socket = join(dataDir, 'default', 'control.sock');
    mkdirSync(join(dataDir, 'default'));
    const bind = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', bind]);
    assert.ok(existsSync(socket));
    const stack = await startStack({ ...options, dataDir });
    assert.equal(stack.processes.shop?.state, 'ready');
    await stack.stop();
  });

  test('a folder works although its path is too long for a socket', async () => {
    const dataDir = join(freshFolder(), 'a'.repeat(60), 'b'.repeat(60));
    const stack = await startStack({ ...options, dataDir });
    assert.equal((await ask(stack.folder, { command: 'status' }))?.event, 'reply');
    await stack.stop();
  });
});
