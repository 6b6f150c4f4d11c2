import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backendRef, meshConfig, route, rule } from '../testing/config.ts';
import { plannedWeights, type Weights, weightsOf, withWeights } from './weights.ts';

const twice = route('r', [rule({ backendRefs: [backendRef('a', 30), backendRef('b', 60), backendRef('a', 10)] })]);

function refsWith(weights: Weights): number[] | undefined {
  const change = { weights, documented: weightsOf(twice), at: '', who: '', why: '' };
  const { config, dropped } = withWeights(meshConfig([], [twice]), { r: change });
  assert.deepEqual(dropped, []);
  return config.routes[0]?.rules[0]?.backendRefs.map(({ weight }) => weight);
}

describe('the weights of a rule that names one service several times', () => {
  test('are the sums of the service', () => {
    assert.deepEqual(weightsOf(twice), { a: 40, b: 60 });
    assert.deepEqual(plannedWeights(twice, { b: 20 }), { a: 80, b: 20 });
  });

  test('are divided among its references as before', () => {
    assert.deepEqual(refsWith({ a: 80, b: 20 }), [60, 20, 20]);
    assert.deepEqual(refsWith({ a: 1, b: 99 }), [0, 99, 1]);
    assert.deepEqual(refsWith({ a: 0, b: 100 }), [0, 100, 0]);
  });
});
