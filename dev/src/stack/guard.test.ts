import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { isAlive } from '../alive.ts';
import { until } from '../until.ts';
import { Guard } from './guard.ts';

const sleeper = () => spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });

test('when the launcher goes, the guard ends what is listed and leaves what was dropped', async () => {
  const guard = new Guard();
  const [listed, dropped] = [sleeper(), sleeper()];
  guard.add(-(listed.pid ?? 0), 'SIGTERM');
  guard.add(dropped.pid ?? 0, 'SIGTERM');
  guard.drop(dropped.pid ?? 0);
  const ended = once(listed, 'exit');
  // The end of its stdin is all that a guard sees of a launcher that was killed.
  guard.close();
  const [, signal] = await ended;
  assert.equal(signal, 'SIGTERM');
  await until(() => !isAlive(guard.pid ?? 0), { limitMs: 20_000, what: 'the guard ends' });
  assert.ok(isAlive(dropped.pid ?? 0));
  dropped.kill();
});
