import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overrideHeader, shadowHeader, traceContext } from './trace.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('passes a trace on with its state and baggage', () => {
  const headers = { traceparent, tracestate: 'a=b', baggage: 'user=1', authorization: 'x' };
  assert.deepEqual(traceContext(headers), { traceparent, tracestate: 'a=b', baggage: 'user=1' });
});

test('drops a malformed traceparent together with tracestate', () => {
  const zeros = `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`;
  for (const bad of ['', 'x', traceparent.toUpperCase(), zeros, `${traceparent}-more`]) {
    assert.deepEqual(traceContext({ traceparent: bad, tracestate: 'a=b' }), {});
  }
});

test('drops headers that exceed the recommended lengths', () => {
  assert.deepEqual(traceContext({ traceparent, tracestate: 'a'.repeat(1_025), baggage: 'b'.repeat(8_193) }), {
    traceparent,
  });
});

test('passes an override on, so that it applies to the whole call graph', () => {
  const override = { [overrideHeader]: 'auth=auth-next' };
  assert.deepEqual(traceContext({ ...override, traceparent }), { ...override, traceparent });
  assert.deepEqual(traceContext({ [overrideHeader]: 'a'.repeat(4_097) }), {});
});

test('passes on the mark of a copied request', () => {
  assert.deepEqual(traceContext({ [shadowHeader]: 'token' }), { [shadowHeader]: 'token' });
  assert.deepEqual(traceContext({ [shadowHeader]: 'a'.repeat(257) }), {});
});
