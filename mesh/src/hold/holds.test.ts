import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MeshError } from '../errors.ts';
import type { RouteRule } from '../routing/rule.ts';
import { testClock } from '../testing/clock.ts';
import { routePolicy, rule } from '../testing/config.ts';
import { exchangeOf } from '../testing/exchange.ts';
import { type Hold, Holds } from './holds.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const ruleOf = (route: string, name?: string): RouteRule => ({
  route,
  index: 0,
  id: `${route}/0`,
  backends: [],
  weightSum: 0,
  spec: rule(name === undefined ? {} : { name }),
  policy: routePolicy(),
});
const [reads, writes, other] = [ruleOf('brands', 'reads'), ruleOf('brands', 'writes'), ruleOf('brands-more', 'writes')];

const writesHeld: Hold = { id: 1, route: 'brands', rule: 'writes', endsInMs: 5000, maxWaiting: 2 };

function start() {
  const clock = testClock();
  const holds = new Holds(clock);
  const wait = (of: RouteRule, exchange = exchangeOf()) => {
    const state = { over: false, failed: null as unknown };
    holds.wait(exchange, of).then(
      () => {
        state.over = true;
      },
      (thrown) => {
        state.failed = thrown;
      },
    );
    return state;
  };
  return { clock, holds, wait };
}

describe('a hold', () => {
  test('lets the requests of its rule wait until it is released, and only these', async () => {
    const { holds, wait } = start();
    holds.adopt([writesHeld]);
    assert.deepEqual(
      [reads, writes, other].map((each) => holds.holds(each)),
      [false, true, false],
    );
    const waiting = wait(writes);
    await turn();
    assert.equal(waiting.over, false);
    assert.equal(holds.status('brands', 'writes').waiting, 1);
    holds.adopt([]);
    await turn();
    assert.equal(waiting.over, true);
    assert.equal(holds.status('brands', 'writes').held, false);
  });

  test('of a route is one of all its rules', () => {
    const { holds } = start();
    holds.adopt([{ ...writesHeld, rule: null }]);
    assert.deepEqual(
      [reads, writes, other].map((each) => holds.holds(each)),
      [true, true, false],
    );
  });

  test('ends by itself, and being told of it again does not prolong it', async () => {
    const { clock, holds, wait } = start();
    holds.adopt([writesHeld]);
    const waiting = wait(writes);
    clock.advance(4000);
    holds.adopt([writesHeld]);
    assert.equal(holds.status('brands', 'writes').endsInMs, 1000);
    clock.advance(1000);
    await turn();
    assert.equal(waiting.over, true);
    holds.adopt([]);
  });

  test('lets requests go on when too many wait, and counts them', async () => {
    const { holds, wait } = start();
    holds.adopt([writesHeld]);
    const all = [wait(writes), wait(writes), wait(writes), wait(writes)];
    await turn();
    assert.deepEqual(
      all.map(({ over }) => over),
      [false, false, true, true],
    );
    const { waiting, passed } = holds.status('brands', 'writes');
    assert.deepEqual([waiting, passed], [2, 2]);
  });

  test('that replaces another one keeps the requests of that one waiting', async () => {
    const { holds, wait } = start();
    holds.adopt([writesHeld]);
    const waiting = wait(writes);
    holds.adopt([{ ...writesHeld, id: 2 }]);
    await turn();
    assert.equal(waiting.over, false);
    assert.equal(holds.status('brands', 'writes').waiting, 1);
    holds.close();
    await turn();
    assert.equal(waiting.over, true);
  });

  test('keeps no request whose client has gone', async () => {
    const { holds, wait } = start();
    holds.adopt([writesHeld]);
    const exchange = exchangeOf();
    const waiting = wait(writes, exchange);
    exchange.abort(new MeshError('client_closed', 'gone'));
    await turn();
    assert.equal((waiting.failed as MeshError).code, 'client_closed');
    assert.equal(holds.status('brands', 'writes').waiting, 0);
  });
});

describe('requests in flight', () => {
  test('from before the last hold are counted apart, and can be waited for', async () => {
    const { clock, holds } = start();
    const end = [holds.trafficOf(writes).enter(), holds.trafficOf(writes).enter()];
    holds.trafficOf(reads).enter();
    holds.adopt([writesHeld]);
    const later = holds.trafficOf(writes).enter();
    const { inFlight, inFlightBefore } = holds.status('brands', 'writes');
    assert.deepEqual([inFlight, inFlightBefore], [3, 2]);
    let drained = false;
    void holds.drained('brands', 'writes', 1000).then(() => {
      drained = true;
    });
    end[0]?.();
    await turn();
    assert.equal(drained, false);
    end[1]?.();
    await turn();
    assert.equal(drained, true);
    later();
    assert.deepEqual(
      [holds.status('brands', 'writes').inFlight, holds.status('brands', null).inFlight, holds.list().length],
      [0, 1, 2],
    );
    clock.advance(1000);
  });

  test('are waited for no longer than the limit', async () => {
    const { clock, holds } = start();
    holds.trafficOf(writes).enter();
    holds.adopt([{ ...writesHeld, rule: null }]);
    const waited = holds.drained('brands', null, 1000);
    clock.advance(1000);
    await waited;
    assert.equal(holds.status('brands', null).inFlightBefore, 1);
    await holds.drained('nothing', null, 1000);
  });
});
