import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { isAlive } from '../alive.ts';
import type { Launch } from '../launch.ts';
import { freshFolder } from '../testing.ts';
import { until } from '../until.ts';
import type { StackEvent } from './events.ts';
import { Guard } from './guard.ts';
import { Supervised, type SupervisedOptions } from './supervisor.ts';

const folder = freshFolder();
const guard = new Guard();
after(() => guard.close());
let count = 0;

function supervise(script: string, more: Partial<SupervisedOptions> & { launchMore?: Partial<Launch> } = {}) {
  const { launchMore, ...options } = more;
  const events: StackEvent[] = [];
  const mark = join(folder, `mark-${++count}`);
  const launch: Launch = {
    file: process.execPath,
    args: ['-e', script],
    cwd: folder,
    env: { MARK: mark },
    stopSignal: 'SIGTERM',
    signalGroup: true,
    stopGraceMs: 10_000,
    ready: async () => existsSync(mark) && marked(mark) > 0,
    ...launchMore,
  };
  const supervised = new Supervised({
    name: `p${count}`,
    task: false,
    url: 'http://127.0.0.1:1',
    logFile: join(folder, `p${count}.log`),
    guard,
    emit: (event) => events.push(event),
    launch: () => launch,
    readyTimeoutMs: 20_000,
    firstPauseMs: 1,
    ...options,
  });
  after(() => supervised.kill('SIGKILL'));
  return { supervised, events, mark, names: () => events.map(({ event }) => event) };
}

/** The process id that a script of below left. */
const marked = (mark: string) => Number(readFileSync(mark, 'utf8'));

const ready = `require('fs').writeFileSync(process.env.MARK, String(process.pid));`;
const forever = 'setInterval(() => {}, 1000);';

describe('a supervised process', () => {
  test('is started, ready, and stopped', async () => {
    const { supervised, names } = supervise(ready + forever);
    await supervised.start();
    const pid = supervised.pid ?? 0;
    assert.equal(supervised.state, 'ready');
    assert.ok(isAlive(pid));
    await supervised.stop();
    assert.equal(supervised.state, 'stopped');
    assert.ok(!isAlive(pid));
    assert.deepEqual(names(), ['starting', 'ready', 'stopped']);
  });

  test('that crashes is started again', async () => {
    const { supervised, names } = supervise(ready + forever);
    await supervised.start();
    const before = supervised.pid ?? 0;
    process.kill(before, 'SIGKILL');
    await until(() => names().includes('restarted'), { limitMs: 20_000, what: 'it is started again' });
    assert.notEqual(supervised.pid, before);
    assert.equal(supervised.restarts, 1);
    await supervised.stop();
  });

  test('that never becomes ready fails its start after three crashes, with its last output', async () => {
    const { supervised, names } = supervise(`console.log('no database for me'); process.exit(9)`);
    await assert.rejects(supervised.start(), /exit code 9: no database for me/);
    assert.ok(names().filter((name) => name === 'exited').length >= 3);
    await supervised.stop();
  });

  test('that ignores the stop signal is killed after the grace period', async () => {
    const stubborn = `process.on('SIGTERM', () => {}); ${ready}${forever}`;
    const { supervised } = supervise(stubborn, { launchMore: { stopGraceMs: 50 } });
    await supervised.start();
    const pid = supervised.pid ?? 0;
    await supervised.stop();
    assert.ok(!isAlive(pid));
  });

  test('that was killed by request stays down until it is started', async () => {
    const { supervised, names } = supervise(ready + forever);
    await supervised.start();
    await supervised.kill('SIGKILL');
    assert.equal(supervised.state, 'stopped');
    await supervised.start();
    assert.equal(supervised.state, 'ready');
    assert.deepEqual(names(), ['starting', 'ready', 'stopped', 'starting', 'ready']);
    await supervised.stop();
  });

  test('ends its child processes too', async () => {
    const parent = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(ready + forever)}], { stdio: 'ignore' }); ${forever}`;
    const { supervised, mark } = supervise(parent);
    await supervised.start();
    const child = marked(mark);
    await supervised.stop();
    await until(() => !isAlive(child), { limitMs: 20_000, what: 'the grandchild is gone' });
  });

  test('whose program does not exist is reported', async () => {
    const { supervised } = supervise('', { launchMore: { file: '/nowhere/at-all' } });
    await assert.rejects(supervised.start(), /ENOENT/);
    await supervised.stop();
  });
});

describe('a supervised task', () => {
  test('is done when it ends with exit code 0', async () => {
    const { supervised, names } = supervise('', { task: true });
    await supervised.start();
    assert.equal(supervised.state, 'done');
    assert.deepEqual(names(), ['starting', 'done']);
  });

  test('that fails is not repeated', async () => {
    const { supervised, names } = supervise(`console.error('bad row 5'); process.exit(1)`, { task: true });
    await assert.rejects(supervised.start(), /exit code 1: bad row 5/);
    assert.equal(supervised.state, 'failed');
    assert.deepEqual(names(), ['starting', 'exited']);
  });
});
