import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { clockSkewMs, type KeyRecord, planRotation, type RotationDemand, type RotationPolicy } from './rotation.ts';

const policy: RotationPolicy = { maxAgeMs: 100_000, publishLeadMs: 500, tokenTtlMs: 3_000, staleLimitMs: 1_000 };

/** Applies steps to the records as the store does. */
function apply(keys: KeyRecord[], nowMs: number, demand: RotationDemand, newKid: () => string): KeyRecord[] {
  let result = keys.map((key) => ({ ...key }));
  for (const step of planRotation(keys, policy, nowMs, demand)) {
    const key = step.do === 'create' ? undefined : result.find(({ kid }) => kid === step.kid);
    if (step.do === 'forget') result = result.filter((one) => one !== key);
    else if (step.do === 'create') {
      const activatedAtMs = step.state === 'active' ? nowMs : null;
      const times = { createdAtMs: nowMs, activatedAtMs, retiredAtMs: null, publishUntilMs: null };
      result.push({ kid: newKid(), state: step.state, ...times });
    } else if (key && step.do === 'activate') Object.assign(key, { state: 'active', activatedAtMs: nowMs });
    else if (key && step.do === 'retire') {
      Object.assign(key, { state: 'retired', retiredAtMs: nowMs, publishUntilMs: step.publishUntilMs });
    }
    // The store's indexes require this after every step.
    assert.ok(result.filter(({ state }) => state === 'active').length <= 1);
    assert.ok(result.filter(({ state }) => state === 'next').length <= 1);
  }
  return result;
}

function counter() {
  let count = 0;
  return () => `k${++count}`;
}

describe('rotation', () => {
  test('an empty store gets an active key and a next one', () => {
    const keys = apply([], 0, 'when due', counter());
    assert.deepEqual(keys.map(({ state }) => state).sort(), ['active', 'next']);
  });

  test('applied steps are not planned again', () => {
    const newKid = counter();
    const keys = apply([], 0, 'when due', newKid);
    assert.deepEqual(planRotation(keys, policy, 0), []);
    const rotated = apply(keys, policy.maxAgeMs, 'when due', newKid);
    assert.deepEqual(planRotation(rotated, policy, policy.maxAgeMs), []);
  });

  test('the next key becomes active when the active one reaches its maximum age, not before', () => {
    const keys = apply([], 0, 'when due', counter());
    assert.deepEqual(planRotation(keys, policy, policy.maxAgeMs - 1), []);
    assert.equal(planRotation(keys, policy, policy.maxAgeMs)[0]?.do, 'retire');
  });

  test('`now` waits until the next key has been published for long enough; `at once` does not', () => {
    const keys = apply([], 0, 'when due', counter());
    assert.deepEqual(planRotation(keys, policy, policy.publishLeadMs - 1, 'now'), []);
    assert.notDeepEqual(planRotation(keys, policy, policy.publishLeadMs, 'now'), []);
    assert.notDeepEqual(planRotation(keys, policy, 0, 'at once'), []);
  });

  test('a retired key is forgotten when its last token has expired', () => {
    const newKid = counter();
    let keys = apply([], 0, 'when due', newKid);
    keys = apply(keys, 1_000, 'now', newKid);
    const until = 1_000 + policy.staleLimitMs + policy.tokenTtlMs + clockSkewMs;
    assert.deepEqual(planRotation(keys, policy, until - 1), []);
    assert.deepEqual(planRotation(keys, policy, until), [{ do: 'forget', kid: 'k1' }]);
  });
});

test('every live token verifies with a published key, and keys are published before they sign', () => {
  const event = fc.record({
    afterMs: fc.integer({ min: 0, max: 40_000 }),
    demand: fc.constantFrom<RotationDemand>('when due', 'now', 'at once'),
    // How long ago the instance that issues a token after the event has read the keys.
    staleMs: fc.integer({ min: 0, max: policy.staleLimitMs }),
  });
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 40 }), (events) => {
      const newKid = counter();
      const history: { fromMs: number; keys: KeyRecord[] }[] = [];
      const tokens: { kid: string; expiresAtMs: number }[] = [];
      let nowMs = 0;
      let keys: KeyRecord[] = [];
      for (const { afterMs, demand, staleMs } of events) {
        nowMs += afterMs;
        const before = keys;
        keys = apply(keys, nowMs, demand, newKid);
        history.push({ fromMs: nowMs, keys });

        const published = new Set(keys.map(({ kid }) => kid));
        for (const token of tokens) assert.ok(token.expiresAtMs <= nowMs || published.has(token.kid), 'a live token');
        const active = keys.find(({ state }) => state === 'active');
        assert.ok(active && keys.some(({ state }) => state === 'next'));
        const previous = before.find(({ kid }) => kid === active.kid);
        if (previous?.state === 'next' && demand !== 'at once') {
          assert.ok(nowMs - previous.createdAtMs >= policy.publishLeadMs, 'published before it signs');
        }

        const known = history.findLast(({ fromMs }) => fromMs <= nowMs - staleMs)?.keys ?? [];
        const signer = known.find(({ state }) => state === 'active');
        if (signer) tokens.push({ kid: signer.kid, expiresAtMs: nowMs + policy.tokenTtlMs });
      }
    }),
    { numRuns: 300 },
  );
});
