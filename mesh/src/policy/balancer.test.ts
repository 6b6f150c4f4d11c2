import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Choice, Chooser, type Readiness } from './balancer.ts';
import { randomBalancer } from './random.ts';
import { type FakeEndpoint, fakeEndpoints, seeded } from './testing.ts';
import { plainWeight } from './weights.ts';

const anyChoice: Choice<FakeEndpoint> = { nowMs: 0, hash: null, tried: null, onlyUntried: false, mayProbe: true };

function chooser(readiness: Readiness[], endpoints: FakeEndpoint[], panicThresholdPercent = 50) {
  return new Chooser<FakeEndpoint>(
    randomBalancer(plainWeight, seeded(1)),
    panicThresholdPercent,
    (endpoint) => readiness[endpoints.indexOf(endpoint)] ?? 'ready',
  );
}

function chosen(
  readiness: Readiness[],
  choice: Partial<Choice<FakeEndpoint>> = {},
  panicThresholdPercent = 50,
): Set<number> {
  const endpoints = fakeEndpoints(readiness.map(() => 1));
  const balance = chooser(readiness, endpoints, panicThresholdPercent);
  const tried = choice.tried?.map((index) => endpoints[index as never] as FakeEndpoint) ?? null;
  const found = new Set<number>();
  for (let n = 0; n < 100; n += 1) {
    const endpoint = balance.choose(endpoints, { ...anyChoice, ...choice, tried });
    if (endpoint !== null) found.add(endpoints.indexOf(endpoint));
  }
  return found;
}

const indexes = (...values: number[]) => values as never as FakeEndpoint[];

describe('full endpoints', () => {
  /** Which of three are chosen; the second one is due for a probe if `readiness` says so. */
  const among = (full: number[], choice: Partial<Choice<FakeEndpoint>> = {}, readiness: Readiness[] = []) => {
    const endpoints = fakeEndpoints([1, 1, 1]);
    const balance = new Chooser<FakeEndpoint>(
      randomBalancer(plainWeight, seeded(1)),
      50,
      (endpoint) => readiness[endpoints.indexOf(endpoint)] ?? 'ready',
      (endpoint) => full.includes(endpoints.indexOf(endpoint)),
    );
    const tried = choice.tried?.map((index) => endpoints[index as never] as FakeEndpoint) ?? null;
    const found = new Set<number>();
    for (let n = 0; n < 100; n += 1) {
      const endpoint = balance.choose(endpoints, { ...anyChoice, ...choice, tried });
      if (endpoint !== null) found.add(endpoints.indexOf(endpoint));
    }
    return [[...found].sort(), balance.mode];
  };

  test('are passed over while another one has room', () => {
    assert.deepEqual(among([0]), [[1, 2], 'balanced']);
    assert.deepEqual(among([0, 1]), [[2], 'balanced']);
    assert.deepEqual(among([0, 1, 2]), [[0, 1, 2], 'balanced']);
  });

  test('are preferred, with a wait, over an endpoint that has failed already', () => {
    assert.deepEqual(among([0], { tried: indexes(1, 2) }), [[0], 'balanced']);
    assert.deepEqual(among([0, 1], { tried: indexes(0, 1, 2) }), [[2], 'balanced']);
  });

  test('are not used by a hedge', () => {
    assert.deepEqual(among([0], { tried: indexes(1, 2), onlyUntried: true }), [[], 'balanced']);
  });

  test('get no probe, and are no reason for panic', () => {
    assert.deepEqual(among([1], {}, ['ready', 'probe', 'ready']), [[0, 2], 'balanced']);
    assert.deepEqual(among([1, 2], {}, ['out']), [[1, 2], 'balanced']);
  });
});

describe('choosing an endpoint', () => {
  test('only ready ones', () => {
    assert.deepEqual(chosen(['ready', 'out', 'ready']), new Set([0, 2]));
  });

  test('a due probe goes first, unless this request has been there', () => {
    assert.deepEqual(chosen(['ready', 'probe', 'ready']), new Set([1]));
    assert.deepEqual(chosen(['ready', 'probe', 'ready'], { tried: indexes(1) }), new Set([0, 2]));
  });

  test('a request that cannot be retried does not have to be the probe', () => {
    assert.deepEqual(chosen(['ready', 'probe', 'ready'], { mayProbe: false }), new Set([0, 1, 2]));
    assert.deepEqual(chosen(['probe'], { mayProbe: false }), new Set([0]));
  });

  test('in a panic all are used, and the choice reports the panic', () => {
    assert.deepEqual(chosen(['out', 'out', 'ready']), new Set([0, 1, 2]));
    assert.deepEqual(chosen(['out', 'out']), new Set([0, 1]));
    const endpoints = fakeEndpoints([1, 1, 1]);
    const balance = chooser(['out', 'out', 'ready'], endpoints);
    balance.choose(endpoints, anyChoice);
    assert.equal(balance.mode, 'panic');
  });

  test('without a panic threshold no endpoint that is out is used', () => {
    assert.deepEqual(chosen(['out', 'out', 'ready'], {}, 0), new Set([2]));
    assert.deepEqual(chosen(['out', 'out'], {}, 0), new Set());
  });

  test('a retry goes elsewhere, and back only if there is no other endpoint', () => {
    assert.deepEqual(chosen(['ready', 'ready', 'ready'], { tried: indexes(0, 2) }), new Set([1]));
    assert.deepEqual(chosen(['ready', 'out', 'ready'], { tried: indexes(0, 2) }), new Set([0, 2]));
  });

  test('a hedge goes elsewhere or nowhere', () => {
    assert.deepEqual(chosen(['ready'], { tried: indexes(0), onlyUntried: true }), new Set());
    assert.deepEqual(chosen(['ready', 'ready'], { tried: indexes(0), onlyUntried: true }), new Set([1]));
  });

  test('null without endpoints', () => {
    assert.deepEqual(chosen([]), new Set());
  });

  test('always an endpoint, whichever are out and tried; and an untried and ready one if there is one', () => {
    const readiness = fc.constantFrom<Readiness>('ready', 'probe', 'out');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(readiness, fc.boolean()), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 100 }),
        (states, threshold) => {
          const endpoints = fakeEndpoints(states.map(() => 1));
          const balance = chooser(
            states.map(([state]) => state),
            endpoints,
            threshold,
          );
          const tried = endpoints.filter((_, index) => states[index]?.[1]);
          const picked = balance.choose(endpoints, { ...anyChoice, tried });
          assert.ok(picked !== null && endpoints.includes(picked));
          const index = endpoints.indexOf(picked);
          const better = states.some(([state, before]) => state !== 'out' && !before);
          if (better && balance.mode !== 'panic') assert.ok(states[index]?.[0] !== 'out' && !states[index]?.[1]);
        },
      ),
    );
  });
});
