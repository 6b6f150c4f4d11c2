import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpRoute } from '../config/model.ts';
import { backendRef, meshConfig, route, rule } from '../testing/config.ts';
import { targetsOf, type Weights, weightsOf } from './weight-groups.ts';
import { plannedWeights } from './weights.ts';
import { byRule, withWeights } from './weights-on-top.ts';

const twice = route('r', [rule({ backendRefs: [backendRef('a', 30), backendRef('b', 60), backendRef('a', 10)] })]);

/** What `asked` comes to, by weight group. */
function planned(of: HttpRoute, name: string | null, asked: Weights): Record<string, Weights> {
  const targets = targetsOf(of, name, Object.keys(asked));
  return Object.fromEntries(targets.map((group) => [group.key, plannedWeights(group, asked)]));
}

function refsWith(weights: Weights): number[] | undefined {
  const change = { weights, documented: weightsOf(twice), at: '', who: '', why: '' };
  const { config, dropped } = withWeights(meshConfig([], [twice]), { r: change });
  assert.deepEqual(dropped, []);
  return config.routes[0]?.rules[0]?.backendRefs.map(({ weight }) => weight);
}

describe('the weights of a rule that names one service several times', () => {
  test('are the sums of the service', () => {
    assert.deepEqual(weightsOf(twice), { a: 40, b: 60 });
    assert.deepEqual(planned(twice, null, { b: 20 }), { r: { a: 80, b: 20 } });
  });

  test('are divided among its references as before', () => {
    assert.deepEqual(refsWith({ a: 80, b: 20 }), [60, 20, 20]);
    assert.deepEqual(refsWith({ a: 1, b: 99 }), [0, 99, 1]);
    assert.deepEqual(refsWith({ a: 0, b: 100 }), [0, 100, 0]);
  });
});

describe('the weights of rules with names', () => {
  const split = (name: string | undefined, ...weights: number[]) =>
    rule({
      ...(name === undefined ? {} : { name }),
      backendRefs: ['old', 'new', 'next'].flatMap((service, place) => {
        const weight = weights[place];
        return weight === undefined ? [] : [backendRef(service, weight)];
      }),
    });
  const brands = route('brands', [
    split('reads', 100, 0),
    split('writes', 60, 0, 40),
    split(undefined, 1),
    split('old', 1),
  ]);

  test('are those of each rule', () => {
    assert.deepEqual(planned(brands, 'writes', { new: 50 }), { 'brands/writes': { old: 30, new: 50, next: 20 } });
    assert.deepEqual(planned(brands, 'old', { old: 7 }), { 'brands/old': { old: 7 } });
  });

  test('are set together where the route is named: of each rule that has the services, by its own present weights', () => {
    assert.deepEqual(planned(brands, null, { new: 50 }), {
      'brands/reads': { old: 50, new: 50 },
      'brands/writes': { old: 30, new: 50, next: 20 },
    });
    assert.deepEqual(planned(brands, null, { next: 100 }), { 'brands/writes': { old: 0, new: 0, next: 100 } });
    assert.deepEqual(planned(route('r', [split(undefined, 1), split('x', 2)]), null, { old: 5 }), {
      r: { old: 5 },
      'r/x': { old: 5 },
    });
  });

  test('are refused with the rules that there are', () => {
    assert.throws(() => planned(brands, 'write', { new: 1 }), {
      code: 'unknown_route',
      message: 'route "brands" has no rule "write": they are reads, writes, old',
    });
    assert.throws(() => planned(twice, 'writes', { a: 1 }), /none of its rules with a backend has a name/);
    assert.throws(() => planned(brands, null, { newer: 1 }), /route "brands" has no backend "newer": it has old, new/);
    assert.throws(
      () => planned(brands, 'reads', { next: 1 }),
      /"brands\/reads" has no backend "next": it has old, new/,
    );
    const apart = route('r', [rule({ name: 'a', backendRefs: [backendRef('a')] }), split('b', 1, 1)]);
    assert.throws(
      () => planned(apart, null, { a: 1, new: 1 }),
      /no rule has all of a, new: r\/a has a; r\/b has old, new/,
    );
  });

  const change = (weights: Weights, documented: Weights) => ({ weights, documented, at: '', who: '', why: '' });

  test('change nothing of the other rules, and are dropped by themselves', () => {
    const config = meshConfig([], [brands]);
    const changes = {
      'brands/reads': change({ old: 0, new: 100 }, { old: 100, new: 0 }),
      'brands/writes': change({ old: 0, new: 100, next: 0 }, { old: 1, new: 1, next: 1 }),
      'brands/gone': change({ old: 1 }, { old: 1 }),
    };
    const { config: changed, dropped } = withWeights(config, changes);
    assert.deepEqual(dropped, ['brands/writes', 'brands/gone']);
    assert.deepEqual(
      changed.routes[0]?.rules.map(({ backendRefs }) => backendRefs.map(({ weight }) => weight)),
      [[0, 100], [60, 0, 40], [1], [1]],
    );
  });

  test('are found in what was stored by the route alone', () => {
    const config = meshConfig([], [route('token', [split('by-weight', 100, 0)]), twice]);
    const stored = {
      token: change({ old: 0, new: 100 }, { old: 100, new: 0 }),
      r: change({ a: 1, b: 2 }, { a: 40, b: 60 }),
      gone: change({}, {}),
    };
    assert.deepEqual(Object.keys(byRule(config, stored)), ['token/by-weight', 'r', 'gone']);
    const since = { token: change({ old: 0, new: 100 }, { old: 1, new: 1 }) };
    assert.deepEqual(Object.keys(byRule(config, since)), ['token']);
  });
});
