import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Span, Spans } from './spans.ts';

const [trace, caller] = ['1'.repeat(32), '2'.repeat(16)];
const sampled = `00-${trace}-${caller}-01`;

test('a span has an id of its own, and its caller as its parent', () => {
  const spans = new Spans();
  const made: Span[] = [];
  spans.listen((span) => made.push(span));
  const [first, second] = [spans.begin('server', sampled), spans.begin('client', sampled)];
  first?.end('GET /a', { 'http.request.method': 'GET' });
  second?.end('GET', {}, true);
  assert.deepEqual(
    made.map(({ traceId, parentId, kind, name, failed }) => ({ traceId, parentId, kind, name, failed })),
    [
      { traceId: trace, parentId: caller, kind: 'server', name: 'GET /a', failed: false },
      { traceId: trace, parentId: caller, kind: 'client', name: 'GET', failed: true },
    ],
  );
  const ids = made.map(({ spanId }) => spanId);
  assert.ok(ids.every((id) => /^(?!0{16})[\da-f]{16}$/.test(id)));
  assert.notEqual(ids[0], ids[1]);
  assert.equal(first?.traceparent, `00-${trace}-${ids[0]}-01`);
  assert.ok(made.every(({ durationMs, startedAtMs }) => durationMs >= 0 && startedAtMs > 1.6e12));
});

test('there is no span without a listener, and none that the caller has not sampled', () => {
  const spans = new Spans();
  assert.equal(spans.begin('server', sampled), null);
  const stop = spans.listen(() => assert.fail('no span'));
  const others = [
    undefined,
    '',
    'x'.repeat(55),
    `00-${trace}-${caller}-00`,
    `00-${'0'.repeat(32)}-${caller}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    [sampled, sampled],
  ];
  for (const traceparent of others) assert.equal(spans.begin('server', traceparent), null, String(traceparent));
  stop();
  assert.equal(spans.begin('server', sampled), null);
});

test('ids do not repeat', () => {
  const spans = new Spans();
  const ids = new Set<string>();
  spans.listen(({ spanId }) => ids.add(spanId));
  for (let n = 0; n < 5_000; n += 1) spans.begin('client', sampled)?.end('GET', {});
  assert.equal(ids.size, 5_000);
});
