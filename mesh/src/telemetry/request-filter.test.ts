import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFilter, type Seen } from './request-filter.ts';

const seen: Seen = {
  route: 'token',
  service: 'auth',
  endpoint: '10.0.0.1:3101',
  method: 'POST',
  path: '/oauth/access_token',
  status: 503,
  durationMs: 120,
  failed: true,
};

const holds = (query: string) => {
  const { filter, faults } = readFilter(new URLSearchParams(query));
  assert.deepEqual(faults, []);
  return filter(seen);
};

test('each condition matches what it should, and nothing else', () => {
  assert.ok(holds(''));
  for (const query of [
    'route=token',
    'service=auth',
    'endpoint=10.0.0.1:3101',
    'method=post',
    'path=/oauth',
    'status=5xx',
  ]) {
    assert.ok(holds(query), query);
  }
  for (const query of ['status=503', 'minMs=120', 'failed=true', 'route=']) assert.ok(holds(query), query);
  for (const query of [
    'route=tok',
    'service=shop',
    'method=GET',
    'path=/v2',
    'status=4xx',
    'status=502',
    'minMs=120.1',
    'failed=false',
  ]) {
    assert.ok(!holds(query), query);
  }
});

test('all conditions must hold', () => {
  assert.ok(holds('route=token&status=5xx'));
  assert.ok(!holds('route=token&status=2xx'));
});

test('unknown conditions are faults, reported all together', () => {
  const { faults } = readFilter(
    new URLSearchParams('status=6xx&minMs=-1&path=v2&rout=token&failed=1&limit=3&__proto__=1'),
    ['limit'],
  );
  assert.equal(faults.length, 6);
  assert.match(faults.join('\n'), /there is no rout: it is one of route, service[\s\S]*limit/);
});
