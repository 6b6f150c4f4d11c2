import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { methodClasses, statusClasses } from './classes.ts';
import { placesMax } from './families.ts';
import { isoTime } from './iso-time.ts';
import { Metrics } from './metrics.ts';
import { type Span, TraceRing } from './trace.ts';

describe('metrics', () => {
  test('are Prometheus text with cumulative buckets and escaped labels', () => {
    const metrics = new Metrics();
    metrics.counter('a_total', 'A.', ['x'])('q"\\\n').value += 3;
    const durations = metrics.durations('b_seconds', 'B.', [])();
    for (const ms of [0.5, 30, 20_000]) durations.record(ms);
    metrics.gauge('c', 'C.', ['y'], () => [{ values: ['1'], value: 7 }]);
    const text = metrics.text();
    assert.ok(text.includes('# TYPE a_total counter\na_total{x="q\\"\\\\\\n"} 3\n'));
    assert.ok(text.includes('b_seconds_bucket{le="0.001"} 1\n'));
    assert.ok(text.includes('b_seconds_bucket{le="0.05"} 2\n'));
    assert.ok(text.includes('b_seconds_bucket{le="10"} 2\n'));
    assert.ok(text.includes('b_seconds_bucket{le="+Inf"} 3\nb_seconds_sum 20.0305\nb_seconds_count 3\n'));
    assert.ok(text.includes('c{y="1"} 7\n'));
  });

  test('give percentiles within 1 %', () => {
    const metrics = new Metrics();
    const durations = metrics.durations('b_seconds', 'B.', ['x'])('1');
    for (let ms = 1; ms <= 1000; ms += 1) durations.record(ms);
    const [series] = metrics.json().durations[0]?.series ?? [];
    assert.ok(series !== undefined);
    for (const [got, expected] of [
      [series.p50Ms, 500],
      [series.p99Ms, 990],
      [series.maxMs, 1000],
    ] as const) {
      assert.ok(Math.abs(got - expected) <= expected * 0.01, `${got} for ${expected}`);
    }
  });

  test('have a bounded number of series', () => {
    const metrics = new Metrics();
    const counter = metrics.counter('a_total', 'A.', ['x']);
    for (let i = 0; i < placesMax + 100; i += 1) counter(String(i)).value += 1;
    assert.equal(counter('other').value, 100);
    assert.equal(metrics.json().counters[0]?.series.length, placesMax + 1);
  });

  test('values that clients vary take no place from documented names, and stay distinct without places', () => {
    const metrics = new Metrics();
    const counter = metrics.counter('a_total', 'A.', ['route', 'http_request_method', 'status_class']);
    for (let i = 0; i < placesMax; i += 1) {
      for (const method of methodClasses) for (const status of statusClasses) counter(`r${i}`, method, status);
    }
    counter('late', 'GET', '2xx').value += 1;
    counter('later', 'GET', '2xx').value += 1;
    counter('later', 'GET', '5xx').value += 1;
    const series = metrics.counterSeries('a_total');
    assert.equal(series.length, placesMax * methodClasses.length * statusClasses.length + 2);
    assert.deepEqual(
      series.slice(-2).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
      [
        ['other GET 2xx', 2],
        ['other GET 5xx', 1],
      ],
    );
    // Dropped series make room.
    const client = metrics.counter('b_total', 'B.', ['service', 'endpoint']);
    for (let i = 0; i < placesMax; i += 1) client('shop', `e${i}`);
    metrics.forget('service', 'shop', 'endpoint', 'e7');
    client('shop', 'new').value += 1;
    assert.deepEqual(metrics.counterSeries('b_total').at(-1)?.labels, { service: 'shop', endpoint: 'new' });
  });

  test('text has the recent quantiles, and NaN without recent requests', () => {
    const metrics = new Metrics();
    const durations = metrics.durations('b_seconds', 'B.', ['x'])('1');
    for (let i = 0; i < 999; i += 1) durations.record(10);
    for (let i = 0; i < 2; i += 1) durations.record(1000);
    const quantile = (value: string) =>
      Number(new RegExp(`^b_recent_seconds\\{x="1",quantile="${value}"\\} (.+)$`, 'm').exec(metrics.text())?.[1]);
    for (const value of ['0.5', '0.95', '0.99']) assert.ok(Math.abs(quantile(value) - 0.01) < 0.0005, value);
    assert.ok(Math.abs(quantile('0.999') - 1) < 0.05);
    assert.match(metrics.text(), /# TYPE b_recent_seconds summary\n[\s\S]*b_recent_seconds_count\{x="1"\} 1001\n/);
    metrics.rotate(30_000);
    metrics.rotate(60_000);
    assert.ok(Number.isNaN(quantile('0.5')));
  });
});

describe('the ring of traces', () => {
  test('holds the last ones, newest first', () => {
    const ring = new TraceRing(3);
    for (const name of ['a', 'b', 'c', 'd']) ring.add({ name, traceId: name } as Span);
    assert.deepEqual(
      ring.recent(10).map(({ name }) => name),
      ['d', 'c', 'b'],
    );
    assert.equal(ring.byId('c').length, 1);
    assert.equal(ring.byId('a').length, 0);
  });
});

test('times have the format of Date', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), fc.integer({ min: -2000, max: 2000 }), (ms, step) => {
      for (const at of [ms, Math.max(0, ms + step)]) assert.equal(isoTime(at), new Date(at).toISOString());
    }),
  );
});
