import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Leases } from '../discovery/leases.ts';
import { testClock } from '../testing/clock.ts';
import { backendPolicy, service } from '../testing/config.ts';
import { heldLog } from '../testing/harness.ts';
import { LeaseStore } from './lease-store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesh-leases-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const leased = (ttlMs: number) => [
  service('shop', [], { discovery: { ...backendPolicy().discovery, lease: { ttlMs, maxEndpoints: 10 } } }),
];
const instance = {
  service: 'shop',
  id: 'a',
  address: '10.0.0.1',
  port: 8080,
  weight: 3,
  servicePort: null,
  ttlMs: null,
};

/** A mesh, as far as leases go; the next one over the same folder starts with the clock of the one before. */
function start(clock = testClock(), ttlMs = 15_000) {
  const log = heldLog();
  const store = new LeaseStore(folder, { clock, log });
  const leases: Leases = new Leases(clock, (renewed) => store.save(leases.list(), renewed));
  leases.setTerms(leased(ttlMs));
  leases.restore(store.load());
  return { clock, log, leases };
}

describe('leases that are kept', () => {
  test('come back in the next mesh, which gives each instance the time to call again', () => {
    const { clock, leases } = start();
    leases.put(instance);
    clock.advance(14_000);
    const next = start(clock);
    assert.deepEqual(next.leases.list(), [
      {
        service: 'shop',
        id: 'a',
        host: '10.0.0.1',
        port: 8080,
        weight: 3,
        servicePort: 80,
        ttlMs: 15_000,
        expiresAtMs: 29_000,
      },
    ]);
    clock.advance(14_999);
    assert.equal(next.leases.list().length, 1);
    clock.advance(1);
    assert.equal(next.leases.list().length, 0, 'an instance that does not call again leaves');
  });

  test('come back when they ended while no mesh ran, but not a minute later', () => {
    for (const [pausedMs, count] of [
      [15_000 + 60_000, 1],
      [15_000 + 60_001, 0],
    ] as const) {
      const { clock, leases } = start();
      leases.put(instance);
      leases.close();
      clock.advance(pausedMs);
      assert.equal(start(clock).leases.list().length, count);
    }
  });

  test('last for five seconds even if they are shorter', () => {
    const { clock, leases } = start(testClock(), 1000);
    leases.put(instance);
    leases.close();
    const next = start(clock, 1000);
    clock.advance(4999);
    assert.equal(next.leases.list().length, 1);
    next.leases.put(instance);
    clock.advance(1000);
    assert.equal(next.leases.list().length, 0, 'a renewal is as long as ever');
  });

  test('do not come back once they are given back, have ended, or are not allowed any more', () => {
    const { clock, leases } = start();
    leases.put(instance);
    leases.remove('shop', 'a');
    assert.equal(start(clock).leases.list().length, 0);
    leases.put(instance);
    clock.advance(15_000);
    assert.equal(start(clock).leases.list().length, 0);
    leases.put(instance);
    const store = new LeaseStore(folder, { clock, log: heldLog() });
    const next = new Leases(clock);
    next.setTerms([service('shop', [])]);
    next.restore(store.load());
    assert.equal(next.list().length, 0);
  });

  test('are written at once where an instance comes, and every five seconds where it renews', () => {
    const { clock, leases } = start();
    const written = () => readFileSync(join(folder, 'leases.json'), 'utf8');
    leases.put(instance);
    const first = written();
    clock.advance(4999);
    leases.put(instance);
    assert.equal(written(), first);
    clock.advance(1);
    leases.put(instance);
    assert.notEqual(written(), first);
    assert.equal(statSync(join(folder, 'leases.json')).mode & 0o777, 0o600);
  });

  test('stay as they are when the mesh stops', () => {
    const { clock, leases } = start();
    leases.put(instance);
    leases.close();
    assert.equal(start(clock).leases.list().length, 1);
  });

  test('that cannot be read begin anew, and the log says so', () => {
    for (const text of [
      '{"leases":',
      '{}',
      '{"leases":[{"service":"shop"}]}',
      '{"leases":[{"service":"shop","id":"a","host":"name","port":1,"weight":1,"servicePort":80,"ttlMs":1,"expiresAt":1}]}',
    ]) {
      writeFileSync(join(folder, 'leases.json'), text);
      const { leases, log } = start();
      assert.equal(leases.list().length, 0);
      assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 1, text);
    }
  });

  test('that cannot be written stay in memory, and the log says so once', { skip: process.getuid?.() === 0 }, () => {
    const { leases, log } = start();
    chmodSync(folder, 0o500);
    leases.put(instance);
    leases.put({ ...instance, id: 'b' });
    chmodSync(folder, 0o700);
    assert.equal(leases.list().length, 2);
    assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 1);
  });
});
