import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaultBackendPolicy, defaultRoutePolicy } from '../default-policies.ts';
import { defaults } from '../defaults.ts';
import { referenceText } from './reference.ts';

test('README.md has the reference that the code generates', () => {
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  assert.ok(page.includes(`\n${referenceText()}\n`), 'run: node mesh/src/config/writing/write-reference.ts');
});

test('the default policies are those of defaults.ts', () => {
  const policy = defaultBackendPolicy();
  assert.equal(policy.loadBalancer.algorithm, defaults.algorithm);
  assert.equal(policy.circuitBreaker.penalty.maxMs, defaults.penaltyMaxMs);
  assert.equal(policy.limits.retryAfterS, defaults.retryAfterS);
  assert.deepEqual(policy.retry.methods, defaults.retryMethods);
  assert.equal(policy.healthCheck, undefined);
  assert.equal(policy.hedging, undefined);
  assert.equal(policy.discovery.lease, undefined);
  assert.equal(defaultRoutePolicy().mirror.bodyLimitBytes, defaults.mirrorBodyLimitBytes);
  assert.deepEqual(defaultRoutePolicy().override.allowFrom, []);
});

test('a change of one default policy does not affect another', () => {
  defaultBackendPolicy().retry.methods.push('POST');
  defaultBackendPolicy().loadBalancer.slowStart.windowMs = 0;
  assert.deepEqual(defaultBackendPolicy().retry.methods, defaults.retryMethods);
  assert.equal(defaultBackendPolicy().loadBalancer.slowStart.windowMs, defaults.slowStartWindowMs);
});
