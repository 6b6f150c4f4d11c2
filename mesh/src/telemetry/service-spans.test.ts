import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';
import { ServiceSpans } from './service-spans.ts';

const traceId = '1'.repeat(32);
const idOf = (n: number) => String(n).padStart(16, '0');
const span = (n: number, more: object = {}) => ({
  ...{ traceId, spanId: idOf(n), parentSpanId: idOf(100), name: `span ${n}`, kind: 3 },
  ...{ startTimeUnixNano: '1700000000000000000', endTimeUnixNano: '1700000000001500000' },
  ...more,
});
const bodyOf = (spans: unknown[], service: unknown = { stringValue: 'things' }) => ({
  resourceSpans: [
    { resource: { attributes: [{ key: 'service.name', value: service }] }, scopeSpans: [{ scope: {}, spans }] },
  ],
});
const kept = (capacity = 10) => new ServiceSpans(capacity, new Metrics());

test('a span of a service is kept by its trace, with what it says of itself', () => {
  const spans = kept();
  const attributes = [
    { key: 'url.path', value: { stringValue: '/a' } },
    { key: 'http.response.status_code', value: { intValue: '500' } },
    { key: 'share', value: { doubleValue: 0.5 } },
    { key: 'yes', value: { boolValue: true } },
    { key: 'list', value: { arrayValue: { values: [] } } },
  ];
  assert.equal(spans.add(bodyOf([span(1, { attributes, status: { code: 2 } }), span(2, { parentSpanId: '' })])), 0);
  const [first, second] = spans.byId(traceId);
  assert.deepEqual(first, {
    ...{ traceId, spanId: idOf(1), parentId: idOf(100), service: 'things', kind: 'client', name: 'span 1' },
    ...{ startedAt: 1_700_000_000_000, durationMs: 1.5, failed: true },
    attributes: { 'url.path': '/a', 'http.response.status_code': 500, share: 0.5, yes: true },
  });
  assert.deepEqual([second?.parentId, second?.failed], [null, false]);
  assert.deepEqual(spans.byId('2'.repeat(32)), []);
});

test('the oldest spans go first', () => {
  const spans = kept(3);
  for (const n of [1, 2, 3, 4]) spans.add(bodyOf([span(n)]));
  assert.deepEqual(
    spans
      .byId(traceId)
      .map(({ spanId }) => spanId)
      .sort(),
    [2, 3, 4].map(idOf),
  );
});

test('what is no span is refused and counted, and the others are kept', () => {
  const spans = kept();
  const broken = [
    ...[null, 7, 'x', [], {}],
    span(1, { traceId: '0'.repeat(32) }),
    span(1, { traceId: 'A'.repeat(32) }),
    span(1, { spanId: idOf(0) }),
    span(1, { parentSpanId: 'x' }),
    span(1, { startTimeUnixNano: 17 }),
    span(1, { endTimeUnixNano: '1e9' }),
    span(1, { name: undefined }),
  ];
  assert.equal(spans.add(bodyOf([...broken, span(2)])), broken.length);
  assert.deepEqual(
    spans.byId(traceId).map(({ spanId }) => spanId),
    [idOf(2)],
  );
  for (const body of [
    undefined,
    null,
    7,
    [],
    {},
    { resourceSpans: 7 },
    { resourceSpans: [null, { scopeSpans: [7] }] },
  ]) {
    assert.equal(spans.add(body), 0);
  }
});

test('what a service writes into memory has bounds', () => {
  const spans = kept();
  const attributes = Array.from({ length: 1_000 }, (_, n) => ({
    key: `k${n}`,
    value: { stringValue: 'x'.repeat(9_999) },
  }));
  const hostile = { key: '__proto__', value: { stringValue: 'x' } };
  spans.add(
    bodyOf([span(1, { name: 'n'.repeat(9_999), attributes: [hostile, ...attributes], kind: 99 })], { intValue: '7' }),
  );
  const [one] = spans.byId(traceId);
  assert.equal(one?.name.length, 256);
  assert.equal(Object.keys(one?.attributes ?? {}).length, 31);
  assert.equal(String(one?.attributes.k0).length, 256);
  assert.deepEqual([one?.kind, one?.service], ['internal', 'unknown']);
  spans.add(bodyOf([span(3, { endTimeUnixNano: '1' })]));
  assert.equal(spans.byId(traceId)[1]?.durationMs, 0);
});
