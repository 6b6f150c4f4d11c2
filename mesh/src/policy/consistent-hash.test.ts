import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { consistentHash, hashLoadFactor } from './consistent-hash.ts';
import { hash32 } from './hash.ts';
import { type FakeEndpoint, fakeEndpoint, fakeEndpoints, seeded, tally } from './testing.ts';

const balancer = consistentHash(seeded(1));
const hashes = Array.from({ length: 2000 }, (_, n) => hash32(`client-${n}`));
const at = (endpoints: readonly FakeEndpoint[], hash: number) => balancer.pick(endpoints, { nowMs: 0, hash });

describe('consistent hashing', () => {
  test('a session stays where it is', () => {
    const endpoints = fakeEndpoints([1, 1, 1]);
    for (const hash of hashes) assert.equal(at(endpoints, hash), at([...endpoints].reverse(), hash));
  });

  test('when an endpoint leaves, only its sessions move, and when it comes back, they do', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 12 }),
        fc.nat(),
        fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 50, maxLength: 50 }),
        (weights, which, sessions) => {
          const endpoints = fakeEndpoints(weights);
          const leaving = endpoints[which % endpoints.length] as FakeEndpoint;
          const rest = endpoints.filter((endpoint) => endpoint !== leaving);
          for (const hash of sessions) {
            const before = at(endpoints, hash);
            if (before === leaving) assert.ok(rest.includes(at(rest, hash) as FakeEndpoint));
            else assert.equal(at(rest, hash), before);
          }
        },
      ),
    );
  });

  test('the sessions of one that leaves spread over all others', () => {
    const endpoints = fakeEndpoints([1, 1, 1, 1, 1]);
    const rest = endpoints.slice(1);
    const homeless = hashes.filter((hash) => at(endpoints, hash) === endpoints[0]);
    const counts = rest.map((endpoint) => homeless.filter((hash) => at(rest, hash) === endpoint).length);
    for (const count of counts) assert.ok(count > homeless.length / 8, String(counts));
  });

  test('more weight takes sessions over and loses none', () => {
    const endpoints = fakeEndpoints([1, 1, 1]);
    const before = hashes.map((hash) => at(endpoints, hash));
    (endpoints[1] as FakeEndpoint).weight = 3;
    for (const [n, hash] of hashes.entries()) {
      const after = at(endpoints, hash);
      if (after !== before[n]) assert.equal(after, endpoints[1]);
    }
  });

  test('sessions spread by weight', () => {
    const endpoints = fakeEndpoints([1, 3]);
    const heavy = hashes.filter((hash) => at(endpoints, hash) === endpoints[1]).length;
    assert.ok(Math.abs(heavy / hashes.length - 0.75) < 0.03, String(heavy));
  });

  test('one session with all the load: no endpoint has much more than its share in flight', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 300 }),
        (weights, requests) => {
          const endpoints = fakeEndpoints(weights);
          const sum = weights.reduce((a, b) => a + b, 0);
          for (let n = 0; n < requests; n += 1) (at(endpoints, 7) as FakeEndpoint).inFlight += 1;
          for (const { inFlight, weight } of endpoints) {
            assert.ok(inFlight <= Math.ceil((hashLoadFactor * requests * weight) / sum));
          }
        },
      ),
    );
  });

  test('without a hash the choice is random, and null without endpoints', () => {
    const endpoints = fakeEndpoints([1, 1]);
    const counts = tally(endpoints, 1000, () => balancer.pick(endpoints, { nowMs: 0, hash: null }));
    assert.ok(Math.min(...counts) > 400, String(counts));
    assert.equal(at([], 1), null);
    assert.ok(at([fakeEndpoint('one')], 0) !== null && at([fakeEndpoint('one')], 2 ** 32 - 1) !== null);
  });
});
