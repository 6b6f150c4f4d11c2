import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../clock.ts';
import { readSettings } from '../settings.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { testClock } from '../testing/clock.ts';
import { meshConfig } from '../testing/config.ts';
import { heldLog } from '../testing/harness.ts';
import { Fleet, type FleetOptions } from './fleet.ts';
import { startMsMax } from './member.ts';

function fleetOf(clock: FleetOptions['clock']): Fleet {
  const { settings } = readSettings({ MESH_WORKERS: '1', INTERNAL_PORT: '0', LOG_LEVEL: 'silent' });
  return new Fleet({
    settings,
    clock,
    log: heldLog(),
    metrics: new Metrics(),
    state: () => ({ config: meshConfig([], []), generation: 1, endpoints: [], holds: [] }),
    onDeath: () => {},
  });
}

test('the start fails, with the reason, when a worker never listens', async () => {
  const clock = testClock();
  const fleet = fleetOf(clock);
  const started = assert.rejects(fleet.start(), /did not listen within 30 s/);
  process.kill(fleet.list()[0]?.pid ?? 0, 'SIGSTOP');
  clock.advance(startMsMax);
  await started;
  assert.deepEqual(fleet.list(), []);
});

test('ten thousand admin queries leave nothing behind in the primary', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const fleet = fleetOf(systemClock);
  await fleet.start();
  const ask = async (count: number) => {
    for (let n = 0; n < count; n += 50) {
      await Promise.all(Array.from({ length: 50 }, () => fleet.ask('/stack', {}, new URLSearchParams())));
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await ask(1000);
  const after = await ask(10_000);
  await fleet.stop();
  // A listener that stays is 2 KB at least: 20 MB.
  assert.ok(after - before < 2_000_000, `${after - before} bytes more`);
});
