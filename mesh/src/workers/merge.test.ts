import assert from 'node:assert/strict';
import { test } from 'node:test';
import { merges } from './merge.ts';

const merged = (path: string, replies: readonly unknown[], query = '') =>
  merges[path]?.(replies, new URLSearchParams(query));

test('traces and shadows come newest first, up to the limit', () => {
  const trace = (startedAt: number) => ({ startedAt });
  assert.deepEqual(
    merged('/traces', [{ traces: [] }, { traces: [trace(5), trace(1)] }, { traces: [trace(3)] }], 'limit=2'),
    {
      traces: [trace(5), trace(3)],
    },
  );
  const shadow = (at: string) => ({ at });
  const [early, late] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'];
  assert.deepEqual(merged('/shadows', [{ shadows: [shadow(early)] }, { shadows: [shadow(late)] }]), {
    shadows: [shadow(late), shadow(early)],
  });
});

test('the same failure at two workers is one group: counts summed, the first and the last time, the last sample', () => {
  const group = (over: object) => ({
    what: 'upstream_reset',
    side: 'upstream',
    route: 'shop',
    service: 'shop',
    endpoint: '127.0.0.1:1',
    why: 'ECONNRESET',
    ...over,
  });
  const times = (minute: number) => `2026-01-01T00:0${minute}:00.000Z`;
  const a = group({ count: 2, seenByCallers: 1, first: times(1), last: times(4), sample: 'a' });
  const b = group({ count: 3, seenByCallers: 0, first: times(2), last: times(5), sample: 'b' });
  const other = group({ why: 'EPIPE', count: 1, seenByCallers: 1, first: times(6), last: times(6), sample: 'c' });
  assert.deepEqual(
    merged('/errors', [
      { groups: [a], forgotten: 1 },
      { groups: [b, other], forgotten: 2 },
    ]),
    {
      groups: [other, group({ count: 5, seenByCallers: 1, first: times(1), last: times(5), sample: 'b' })],
      forgotten: 3,
    },
  );
});

test('endpoints are those that the primary knows, with what all workers have under way there', () => {
  const service = (inFlight: number, state: string) => ({
    services: [
      {
        service: 'shop',
        port: 80,
        inFlight,
        queued: inFlight,
        endpoints: [
          { endpoint: '127.0.0.1:1', inFlight, connections: { open: inFlight, queued: 0 }, breaker: { state } },
        ],
      },
    ],
  });
  assert.deepEqual(merged('/endpoints', [service(0, 'admitting'), service(1, 'admitting'), service(2, 'tripped')]), {
    services: [
      {
        service: 'shop',
        port: 80,
        inFlight: 3,
        queued: 3,
        endpoints: [
          {
            endpoint: '127.0.0.1:1',
            inFlight: 3,
            connections: { open: 3, queued: 0 },
            breaker: { state: 'tripped' },
          },
        ],
      },
    ],
  });
});
