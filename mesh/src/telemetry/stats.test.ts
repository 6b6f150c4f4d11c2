import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createMeters } from './meters.ts';
import { Metrics } from './metrics.ts';
import { latenciesOf, RecentDurations } from './recent.ts';
import { statsOf } from './stats.ts';

describe('recent durations', () => {
  test('have percentiles to 5 %', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.05, max: 800_000, noNaN: true }), { minLength: 1 }), (values) => {
        const recent = new RecentDurations();
        for (const value of values) recent.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        const { count, p50Ms, p999Ms } = latenciesOf([recent]);
        assert.equal(count, values.length);
        for (const [got, percent] of [
          [p50Ms, 50],
          [p999Ms, 99.9],
        ] as const) {
          const exact = sorted[Math.ceil((values.length * percent) / 100) - 1] ?? 0;
          assert.ok(Math.abs(got - exact) <= exact * 0.05 + 0.001, `${got} for ${exact}`);
        }
      }),
    );
  });

  test('accept any value', () => {
    const recent = new RecentDurations();
    for (const value of [0, -1, 1e-9, 1e12]) recent.record(value);
    assert.equal(latenciesOf([recent]).count, 4);
  });

  test('are forgotten after two periods, and add up', () => {
    const [a, b] = [new RecentDurations(), new RecentDurations()];
    a.record(10);
    a.rotate();
    b.record(1000);
    assert.equal(latenciesOf([a, b]).count, 2);
    assert.ok(latenciesOf([a, b]).p50Ms < 11);
    a.rotate();
    assert.equal(latenciesOf([a]).count, 0);
  });
});

test('stats are the last one to two periods, effective beside actual', () => {
  const meters = createMeters();
  const { metrics } = meters;
  const durations = meters.requestDurations('edge', 'all', 'shop');
  const effective = (status: string, count: number) => {
    meters.requests('edge', 'all', 'shop', 'GET', status).value += count;
    for (let i = 0; i < count; i += 1) durations.record(100);
  };
  const actual = (endpoint: string, status: string, count: number) => {
    meters.attempts('shop', endpoint, status).value += count;
    for (let i = 0; i < count; i += 1) meters.attemptDurations('shop', endpoint).record(50);
  };
  effective('5xx', 1000);
  metrics.rotate(0);
  metrics.rotate(30_000);
  effective('2xx', 96);
  effective('4xx', 3);
  effective('5xx', 1);
  effective('none', 20);
  actual('a', '2xx', 60);
  actual('a', 'error', 20);
  actual('b', '2xx', 40);
  actual('b', 'none', 5);
  const stats = statsOf(metrics, 40_000);
  assert.equal(stats.recentMs, 40_000);
  const [route] = stats.routes;
  assert.deepEqual(
    [route?.route, route?.service, route?.successRate, route?.requestsPerSecond, route?.count],
    ['all', 'shop', 0.99, 3, 120],
  );
  const [service] = stats.services;
  assert.deepEqual([service?.service, service?.effective.successRate], ['shop', 0.99]);
  assert.equal(service?.actual.successRate, 100 / 120);
  assert.ok(Math.abs((service?.actual.p99Ms ?? 0) - 50) < 2.5);
  assert.deepEqual(
    stats.endpoints.map(({ endpoint, successRate }) => [endpoint, successRate]),
    [
      ['a', 0.75],
      ['b', 1],
    ],
  );
  metrics.rotate(60_000);
  metrics.rotate(90_000);
  assert.equal(statsOf(metrics, 90_000).routes[0]?.successRate, null);
});

test('series of things that are permanently gone are dropped', () => {
  const metrics = new Metrics();
  const counter = metrics.counter('a_total', 'A.', ['service', 'endpoint', 'status_class']);
  const other = metrics.counter('b_total', 'B.', ['service']);
  other('shop').value += 1;
  for (const endpoint of ['a', 'b']) for (const status of ['2xx', '5xx']) counter('shop', endpoint, status).value += 1;
  counter('till', 'a', '2xx').value += 1;
  metrics.forget('service', 'shop', 'endpoint', 'a');
  assert.deepEqual(
    metrics.counterSeries('a_total').map(({ labels }) => `${labels.service} ${labels.endpoint}`),
    ['shop b', 'shop b', 'till a'],
  );
  assert.equal(metrics.counterSeries('b_total').length, 1);
});

test('series of a route that is gone are dropped when they no longer change, and make room', () => {
  const metrics = new Metrics();
  const counter = metrics.counter('a_total', 'A.', ['route', 'status_class']);
  const durations = metrics.durations('b_seconds', 'B.', ['route']);
  const gone = (label: string, value: string) => label === 'route' && value === 'old';
  const routes = () =>
    [...metrics.counterSeries('a_total'), ...metrics.durationSeries('b_seconds')].map(({ labels }) => labels.route);
  for (const route of ['old', 'new']) {
    counter(route, '2xx').value += 1;
    durations(route).record(1);
  }
  const slow = counter('old', '5xx');
  slow.value += 1;
  metrics.rotate(30_000, gone);
  slow.value += 1;
  assert.equal(routes().length, 5);
  metrics.rotate(60_000, gone);
  // Series that changed in that period stay for another.
  assert.deepEqual(routes(), ['new', 'old', 'new']);
  metrics.rotate(90_000, gone);
  assert.deepEqual(routes(), ['new', 'new']);
});
