import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assemble, describeStack } from './assemble.ts';
import { systemClock } from './clock.ts';
import { Registry } from './discovery/registry.ts';
import { MeshError } from './errors.ts';
import { Holds } from './hold/holds.ts';
import type { Layer } from './layer.ts';
import { observing } from './observing.ts';
import { localReply } from './reply.ts';
import { routeTable } from './routing/table.ts';
import { MirrorPools } from './service-state/mirror-pools.ts';
import { readSettings } from './settings.ts';
import { Settlers } from './settle/settlers.ts';
import { layersOf } from './stack.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import { meshConfig } from './testing/config.ts';
import { exchangeOf } from './testing/exchange.ts';
import { heldLog } from './testing/harness.ts';

const layer = (name: string, over: Partial<Layer> = {}): Layer => ({
  name,
  scope: 'request',
  sentence: `${name}.`,
  inside: [],
  wrap: (next) => next,
  ...over,
});

function realLayers(): Layer[] {
  const clock = systemClock;
  const registry = new Registry({ clock, connect: () => assert.fail('nothing connects') });
  const log = heldLog();
  return layersOf(
    {
      clock,
      random: () => 0,
      log,
      logLine: log.logLine,
      ...createTelemetry(readSettings({}).settings, clock).parts,
      mirrorPools: new MirrorPools(() => assert.fail('nothing is mirrored')),
      settlers: new Settlers({ clock, random: () => 0, log }),
      inForce: { routes: null },
      holds: new Holds(clock),
      trustsPeer: () => false,
    },
    { number: 1, routes: routeTable(meshConfig([], []), registry) },
  );
}

describe('a stack', () => {
  test('wraps outermost first, and describes itself by the layers that run', async () => {
    const order: string[] = [];
    const noting = (name: string) =>
      layer(name, {
        wrap: (next) => (exchange) => {
          order.push(name);
          return next(exchange);
        },
      });
    const replying = layer('end', { scope: 'transport', wrap: () => async () => localReply(200, [], '') });
    const stack = assemble([noting('outer'), noting('inner'), replying]);
    assert.equal((await stack.handle(exchangeOf({ body: '' }))).status, 200);
    assert.deepEqual(order, ['outer', 'inner']);
    assert.deepEqual(
      describeStack(stack).map(({ name }) => name),
      ['outer', 'inner', 'end'],
    );
  });

  test('has one handler for adjacent observers: they begin outermost first and end innermost first, once', async () => {
    const clock = { ...systemClock, now: () => 5 };
    const heard: string[] = [];
    const looking = (name: string) =>
      observing<string>(
        clock,
        { name, scope: 'request', sentence: `${name}.`, inside: [] },
        {
          begin(exchange) {
            heard.push(`${name} begins`);
            return `${name} of ${exchange.path}`;
          },
          head: (_exchange, note, { status }) => heard.push(`${note}: ${status}`),
          end: (_exchange, note, { reply, error, bytes, beganAtMs, endedAtMs }) =>
            heard.push(`${note} ends: ${reply?.status} ${error?.code} ${bytes} ${beganAtMs} ${endedAtMs}`),
        },
      );
    let broken = false;
    const end = layer('end', {
      scope: 'transport',
      wrap: () => async () => {
        if (broken) throw new MeshError('connect_failed', 'No.');
        return localReply(200, [], 'hello');
      },
    });
    const { handle, layers } = assemble([looking('a'), looking('b'), layer('between'), looking('c'), end], clock);
    assert.equal(layers.length, 5);
    const reply = await handle(exchangeOf({ path: '/x', body: '' }));
    const begun = ['a begins', 'b begins', 'c begins', 'c of /x: 200', 'b of /x: 200', 'a of /x: 200'];
    assert.deepEqual(heard, begun);
    reply.body.pipeTo({ write: () => true, onWritable() {}, end() {}, fail() {} });
    const ended = ['c', 'b', 'a'].map((name) => `${name} of /x ends: 200 undefined 5 5 5`);
    assert.deepEqual(heard.splice(0), [...begun, ...ended]);

    broken = true;
    await assert.rejects(handle(exchangeOf({ path: '/x', body: '' })), { code: 'connect_failed' });
    const failed = ['c', 'b', 'a'].map((name) => `${name} of /x ends: undefined connect_failed 0 5 5`);
    assert.deepEqual(heard, ['a begins', 'b begins', 'c begins', ...failed]);
  });

  test('in a wrong order is refused, with every fault and its reason', () => {
    const layers = [
      layer('a', { scope: 'attempt', inside: [{ name: 'b', reason: 'b counts a' }] }),
      layer('b'),
      layer('b', { inside: [{ name: 'absent', reason: 'is not in this stack' }] }),
    ];
    assert.throws(
      () => assemble(layers),
      (thrown: Error) => {
        assert.match(thrown.message, /"b" is there twice/);
        assert.match(thrown.message, /"b" runs per request, but stands inside a layer that runs per attempt/);
        assert.match(thrown.message, /"a" must stand inside "b": b counts a/);
        assert.doesNotMatch(thrown.message, /absent/);
        return true;
      },
    );
  });

  test('of the mesh itself is in order, and no two adjacent layers that name each other may be swapped', () => {
    const layers = realLayers();
    assemble(layers);
    for (const [index, { name, inside }] of layers.entries()) {
      for (const { name: outer } of inside) {
        const at = layers.findIndex((candidate) => candidate.name === outer);
        assert.ok(at >= 0 && at < index, `${name} names ${outer}`);
        const swapped = [...layers];
        swapped[at] = layers[index] as Layer;
        swapped[index] = layers[at] as Layer;
        assert.throws(() => assemble(swapped), /wrong order/);
      }
    }
  });
});

describe('an exchange', () => {
  test('calls abort listeners once, in order, and late listeners at once', () => {
    const heard: string[] = [];
    const one = exchangeOf({ body: '' });
    const fork = one.fork(null);
    one.onAbort(() => heard.push('first'));
    const left = () => heard.push('left');
    one.onAbort(left);
    one.offAbort(left);
    fork.onAbort(() => heard.push('fork'));
    const error = new Error('gone') as never;
    one.abort(error);
    one.abort(new Error('again') as never);
    one.onAbort(() => heard.push('late'));
    assert.deepEqual(heard, ['fork', 'first', 'late']);
    assert.equal(one.aborted, error);
    assert.equal(fork.aborted, error);
  });

  test('is not aborted by its fork, and keeps its own fields', () => {
    const one = exchangeOf({ body: '' });
    const fork = one.fork(null);
    fork.headers.push('x', '1');
    fork.path = '/other';
    fork.abort(new Error('gone') as never);
    assert.equal(one.aborted, null);
    assert.deepEqual([one.headers, one.path], [[], '/']);
    assert.equal(fork.facts, one.facts);
  });
});
