import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overrideHeader, shadowHeader, traceContext } from './trace.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('a trace is passed on with its state and baggage', () => {
  const headers = { traceparent, tracestate: 'a=b', baggage: 'user=1', authorization: 'x' };
  assert.deepEqual(traceContext(headers), { traceparent, tracestate: 'a=b', baggage: 'user=1' });
});

test('a malformed traceparent is dropped, and tracestate with it', () => {
  const zeros = `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`;
  for (const bad of ['', 'x', traceparent.toUpperCase(), zeros, `${traceparent}-more`]) {
    assert.deepEqual(traceContext({ traceparent: bad, tracestate: 'a=b' }), {});
  }
});

test('what is longer than the recommendations allow is dropped', () => {
  assert.deepEqual(traceContext({ traceparent, tracestate: 'a'.repeat(1_025), baggage: 'b'.repeat(8_193) }), {
    traceparent,
  });
});

test('an override is passed on, so that it holds in the whole call graph', () => {
  const override = { [overrideHeader]: 'auth=auth-next' };
  assert.deepEqual(traceContext({ ...override, traceparent }), { ...override, traceparent });
  assert.deepEqual(traceContext({ [overrideHeader]: 'a'.repeat(4_097) }), {});
});

test('a copy is known as one everywhere', () => {
  assert.deepEqual(traceContext({ [shadowHeader]: 'token' }), { [shadowHeader]: 'token' });
  assert.deepEqual(traceContext({ [shadowHeader]: 'a'.repeat(257) }), {});
});
