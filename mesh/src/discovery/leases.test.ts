import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../clock.ts';
import { plainAddress } from '../policy/client.ts';
import { service } from '../testing/config.ts';
import { leaseAddressFault } from './lease-address.ts';
import { type Lease, type LeaseRequest, Leases } from './leases.ts';

/** A clock that the test moves. It runs the timers that become due. */
function movedClock(): Clock & { move(ms: number): void; waiting(): number } {
  let nowMs = 0;
  let tasks: { atMs: number; task: () => void }[] = [];
  return {
    now: () => nowMs,
    wall: () => nowMs,
    after(delayMs, task) {
      const entry = { atMs: nowMs + delayMs, task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((other) => other !== entry);
      };
    },
    move(ms) {
      nowMs += ms;
      const due = tasks.filter(({ atMs }) => atMs <= nowMs);
      tasks = tasks.filter(({ atMs }) => atMs > nowMs);
      for (const { task } of due) task();
    },
    waiting: () => tasks.length,
  };
}

function leasing(lease: { ttlMs: number; maxEndpoints: number } | undefined = { ttlMs: 3000, maxEndpoints: 2 }) {
  const shop = service('shop', []);
  const { lease: _without, ...discovery } = shop.policy.discovery;
  shop.policy.discovery = lease === undefined ? discovery : { ...discovery, lease };
  return shop;
}

const asked: LeaseRequest = {
  service: 'shop',
  id: 'a',
  address: '10.0.0.1',
  port: 8080,
  weight: 1,
  servicePort: null,
  ttlMs: null,
};

function setUp() {
  const clock = movedClock();
  const leases = new Leases(clock);
  leases.setTerms([leasing()]);
  let changes = 0;
  leases.watch('shop', () => {
    changes += 1;
  });
  return { clock, leases, changes: () => changes, ids: () => leases.list('shop').map(({ id }) => id) };
}

describe('leases', () => {
  test('last as long as they are renewed', () => {
    const { clock, leases, changes, ids } = setUp();
    leases.put(asked);
    for (let i = 0; i < 5; i += 1) {
      clock.move(2000);
      leases.put(asked);
    }
    assert.deepEqual(ids(), ['a']);
    assert.equal(changes(), 1, 'a heartbeat is no change');
    clock.move(2999);
    assert.deepEqual(ids(), ['a']);
    clock.move(1);
    assert.deepEqual(ids(), []);
    assert.equal(changes(), 2);
    assert.equal(clock.waiting(), 0);
  });

  test('end when they are given back, and are no longer than the service allows', () => {
    const { clock, leases, ids } = setUp();
    assert.equal((leases.put({ ...asked, ttlMs: 60_000 }) as Lease).ttlMs, 3000);
    assert.equal((leases.put({ ...asked, ttlMs: 1000 }) as Lease).expiresAtMs, 1000);
    assert.equal(leases.remove('shop', 'a'), true);
    assert.equal(leases.remove('shop', 'a'), false);
    assert.deepEqual(ids(), []);
    assert.equal(clock.waiting(), 0);
  });

  test('report an instance that has moved', () => {
    const { leases, changes } = setUp();
    leases.put(asked);
    leases.put({ ...asked, port: 8081 });
    leases.put({ ...asked, port: 8081, weight: 5 });
    assert.equal(changes(), 3);
    assert.equal(leases.list().length, 1);
  });

  test('are refused where the documents allow none, for other ports, and beyond the maximum', () => {
    const { leases } = setUp();
    assert.equal(leases.put({ ...asked, service: 'other' }), 'unknown_service');
    assert.equal(leases.put({ ...asked, servicePort: 81 }), 'unknown_port');
    leases.put(asked);
    leases.put({ ...asked, id: 'b' });
    assert.equal(leases.put({ ...asked, id: 'c' }), 'full');
    assert.equal((leases.put({ ...asked, id: 'b' }) as Lease).id, 'b', 'a registered instance may renew');
    assert.equal((leases.put({ ...asked, servicePort: 80 }) as Lease).servicePort, 80);
  });

  test('survive new documents, and end if those allow none', () => {
    const { clock, leases, changes, ids } = setUp();
    leases.put(asked);
    leases.setTerms([leasing({ ttlMs: 1000, maxEndpoints: 2 })]);
    assert.deepEqual(ids(), ['a']);
    assert.equal((leases.put(asked) as Lease).ttlMs, 1000);
    leases.setTerms(
      [leasing(undefined)].map((shop) => ({
        ...shop,
        policy: { ...shop.policy, discovery: { dnsTtlMs: 1, respectDnsTtl: false, drainMs: 1 } },
      })),
    );
    assert.deepEqual(ids(), []);
    assert.equal(changes(), 2);
    assert.equal(leases.put(asked), 'no_leases');
    assert.equal(clock.waiting(), 0);
  });
});

describe('the address of an instance', () => {
  const peer = '10.0.0.9';

  test('is an IP address that an instance can have', () => {
    for (const address of ['10.0.0.1', '192.0.2.1', '2001:db8::1', 'fd00::1', '64:ff9b::10.0.0.1']) {
      assert.equal(leaseAddressFault(address, peer), null, address);
    }
    for (const address of [
      'shop.example',
      '',
      '10.0.0.1:80',
      '[2001:db8::1]',
      '0.0.0.0',
      '::',
      '169.254.169.254',
      '224.0.0.1',
      '255.255.255.255',
      'fe80::1',
      'fe80::1%eth0',
      'ff02::1',
      '::ffff:169.254.169.254',
      '010.0.0.1',
      '2130706433',
    ]) {
      assert.notEqual(leaseAddressFault(address, peer), null, address);
    }
  });

  test('is not a metadata service, a link-local or a loopback address in another spelling', () => {
    for (const address of [
      '64:ff9b::169.254.169.254', // NAT64
      '64:FF9B:0:0::A9FE:A9FE',
      '64:ff9b:1::169.254.169.254', // local NAT64
      '64:ff9b::127.0.0.1',
      '2002:a9fe:a9fe::1', // 6to4
      '2002:7f00:1::',
      '2001:0:a9fe:a9fe::', // Teredo
      '::169.254.169.254', // IPv4-compatible
      '::a9fe:a9fe',
      '::127.0.0.1',
      '::ffff:a9fe:a9fe', // IPv4-mapped
      '0:0:0:0:0:ffff:a9fe:a9fe',
      '::ffff:10.0.0.1',
      '::ffff:0:169.254.169.254', // IPv4-translated
      'fd00:ec2::254',
      'FD00:0EC2:0:0:0:0:0:254',
      '192.0.0.192',
      '168.63.129.16',
      '100.100.100.200',
    ]) {
      for (const caller of [peer, '127.0.0.1']) {
        assert.notEqual(leaseAddressFault(address, caller), null, `${address} from ${caller}`);
      }
    }
  });

  test('is on this machine only for callers on this machine', () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1']) {
      assert.notEqual(leaseAddressFault(address, peer), null, address);
      assert.equal(leaseAddressFault(address, '127.0.0.1'), null, address);
    }
  });

  test('is normalized', () => {
    assert.equal(plainAddress('::ffff:10.0.0.1'), '10.0.0.1');
    assert.equal(plainAddress('2001:db8::1'), '2001:db8::1');
  });
});

test('any sequence of calls: exactly the instances that renewed in time are registered, never more than allowed, and no timer is left', () => {
  const step = fc.record({
    what: fc.constantFrom('put', 'put', 'put', 'remove', 'move'),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    ms: fc.integer({ min: 1, max: 4000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 1, max: 4 }), (steps, maxEndpoints) => {
      const ttlMaxMs = 3000;
      const clock = movedClock();
      const leases = new Leases(clock);
      leases.setTerms([leasing({ ttlMs: ttlMaxMs, maxEndpoints })]);
      let told: string[] = [];
      leases.watch('shop', () => {
        told = leases.list('shop').map(({ id }) => id);
      });
      const expected = new Map<string, number>();
      for (const { what, id, ms } of steps) {
        if (what === 'move') clock.move(ms);
        for (const [known, untilMs] of expected) if (untilMs <= clock.now()) expected.delete(known);
        if (what === 'put') {
          const lease = leases.put({ ...asked, id, ttlMs: ms });
          if (!expected.has(id) && expected.size >= maxEndpoints) assert.equal(lease, 'full');
          else expected.set(id, clock.now() + Math.min(ms, ttlMaxMs));
        }
        if (what === 'remove') assert.equal(leases.remove('shop', id), expected.delete(id));
        const ids = leases.list('shop').map((lease) => lease.id);
        assert.deepEqual(ids.sort(), [...expected.keys()].sort());
        assert.deepEqual(told.sort(), ids, 'the listener hears of every change');
        assert.equal(clock.waiting(), expected.size);
      }
    }),
  );
});
