import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fixture, freshFolder } from '../testing.ts';
import { carryOut } from './commands.ts';
import type { StackEvent } from './events.ts';
import { type Stack, startStack } from './stack.ts';

describe('the control protocol', () => {
  const events: StackEvent[] = [];
  let stack: Stack;
  const dataDir = freshFolder();
  const ask = (command: object) => carryOut(stack, JSON.stringify(command));
  const environment = async (name: string) => {
    const reply = await fetch(`${stack.processes[name]?.url}/environment`);
    return (await reply.json()) as Record<string, string>;
  };

  before(async () => {
    const options = { composeFile: fixture('storeless.yml'), dataDir, ports: 'auto' as const };
    stack = await startStack({
      ...options,
      env: { shop: { GREETING: 'first' } },
      onEvent: (event) => events.push(event),
    });
  });
  after(() => stack.stop());

  test('status shows state, URLs, pid and log of every process', async () => {
    const { status } = await ask({ command: 'status' });
    const edge = status?.processes.edge;
    assert.equal(edge?.state, 'ready');
    assert.equal(await (await fetch(edge?.urls.admin ?? '')).text(), 'admin');
    assert.deepEqual(Object.keys(status?.processes ?? {}), ['shop', 'edge']);
  });

  test('restart changes the environment, null removes a variable, and the change stays', async () => {
    assert.equal((await environment('shop')).GREETING, 'first');
    const reply = await ask({ command: 'restart', process: 'shop', env: { GREETING: 'second', EXTRA: 'x' } });
    assert.deepEqual(reply, { event: 'reply', command: 'restart', process: 'shop' });
    await ask({ command: 'restart', process: 'shop', env: { EXTRA: null } });
    const now = await environment('shop');
    assert.deepEqual([now.GREETING, now.EXTRA], ['second', undefined]);
  });

  test('stop keeps a process down until start', async () => {
    await ask({ command: 'stop', process: 'edge' });
    assert.equal(stack.processes.edge?.state, 'stopped');
    await ask({ command: 'start', process: 'edge' });
    assert.equal(stack.processes.edge?.state, 'ready');
  });

  test('a failed restart is an error with the reason', async () => {
    const reply = await ask({ command: 'restart', process: 'shop', env: { GREETING: 'refuse' } });
    assert.equal(reply.event, 'error');
    assert.match(reply.message ?? '', /exit code 3: refusing to start/);
    assert.equal((await ask({ command: 'restart', process: 'shop', env: { GREETING: 'back' } })).event, 'reply');
  });

  test('command-line shows how a one-shot would run', async () => {
    const { line } = await ask({ command: 'command-line', process: 'greet', args: ['7'] });
    assert.deepEqual(line?.args, ['greet.mjs', '7']);
    assert.equal(line?.env.SHOP_URL, `${stack.processes.shop?.url}/`);
  });

  for (const [what, line, code] of [
    ['no JSON', 'restart shop', 'bad_command'],
    ['no object', '5', 'bad_command'],
    ['an unknown command', '{"command":"fly"}', 'bad_command'],
    ['a missing name', '{"command":"restart"}', 'bad_command'],
    ['a bad environment', '{"command":"start","process":"shop","env":"x"}', 'bad_command'],
    ['an unknown process', '{"command":"stop","process":"missing"}', 'unknown_process'],
    ['a process that was not started', '{"command":"stop","process":"greet"}', 'unknown_process'],
    ['a copy without a database server', '{"command":"clone-database","from":"a","to":"b"}', 'not_running'],
  ] as const) {
    test(`${what} gets the code ${code}`, async () => {
      const reply = await carryOut(stack, line);
      assert.deepEqual([reply.event, reply.code], ['error', code]);
    });
  }
});
