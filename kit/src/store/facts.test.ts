import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causeOf, factId, factOf, uuid5 } from './facts.ts';

test('a UUIDv5 is that of RFC 9562', () => {
  // Appendix A.4: www.example.com in the namespace of domain names.
  const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
  assert.equal(uuid5(dns, 'www.example.com'), '2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('a fact has one id for ever, and no two facts share one', () => {
  const id = factId('brand.updated', 'a', 2 ** 40 + 1);
  assert.equal(id, factId('brand.updated', 'a', 2 ** 40 + 1));
  assert.equal(id, '8762f862-cd00-5ac2-a76a-18c604f7bbf5');
  const others = [
    factId('brand.created', 'a', 2 ** 40 + 1),
    factId('brand.updated', 'b', 2 ** 40 + 1),
    factId('brand.updated', 'a', 2 ** 40 + 2),
    factId('brand.updated', '1 a', 2 ** 40),
  ];
  assert.equal(new Set([id, ...others]).size, 5);
});

test('the fact that an aggregate was made has one id, whatever version it is told with', () => {
  assert.equal(factId('brand.created', 'a', 1), factId('brand.created', 'a', 2));
  assert.notEqual(factId('brand.created', 'a', 1), factId('brand.created', 'b', 1));
});

test('a fact carries the trace and the deadline of the request that caused it', () => {
  const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
  const cause = causeOf({ traceparent, 'x-request-timeout-ms': '1500' }, 1_700_000_000_000.5);
  const told = { event: { type: 'things.changed', version: 2 }, aggregateId: 'a', version: 7, state: null, atUs: 5 };
  assert.deepEqual(factOf(told, cause), {
    id: factId('things.changed', 'a', 7),
    type: 'things.changed',
    typeVersion: 2,
    aggregateId: 'a',
    aggregateVersion: 7,
    state: null,
    occurredAtUs: 5,
    trace: { traceparent },
    deadlineMs: 1_700_000_001_500,
  });
  assert.deepEqual(causeOf({}, 1), {});
});
