import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testClock } from '../testing/clock.ts';
import { Metrics } from './metrics.ts';
import type { Seen } from './request-filter.ts';
import { stalledMs, Tap, type TapSink, waitingBytesMax, watchersMax } from './tap.ts';

const seen: Seen = {
  route: 'all',
  service: 'shop',
  endpoint: null,
  method: 'GET',
  path: '/',
  status: 200,
  durationMs: 1,
  failed: false,
};

function heldSink() {
  const sink = {
    lines: [] as string[],
    waiting: 0,
    ended: null as 'cut' | 'gently' | null,
    write: (line: string) => void sink.lines.push(line),
    waitingBytes: () => sink.waiting,
    end: (cut: boolean) => {
      sink.ended = cut ? 'cut' : 'gently';
    },
    requests: () => sink.lines.filter((line) => line.includes('request')),
  };
  return sink satisfies TapSink;
}

function start() {
  const clock = testClock();
  const metrics = new Metrics();
  const tap = new Tap(clock, metrics);
  const dropped = (reason: string) =>
    metrics
      .json()
      .counters.find(({ name }) => name === 'mesh_tap_dropped_total')
      ?.series.find(({ labels }) => labels.reason === reason)?.value ?? 0;
  return { clock, tap, dropped };
}

const line = () => '{"event":"request"}';

describe('a watch', () => {
  test('gets the requests that match its filter, and makes no line without a match', () => {
    const { tap } = start();
    const posts = heldSink();
    const all = heldSink();
    tap.watch(({ method }) => method === 'POST', posts, 100);
    assert.equal(tap.watched, true);
    tap.offer(seen, () => assert.fail('no filter matches'));
    const stop = tap.watch(() => true, all, 100);
    let made = 0;
    tap.offer({ ...seen, method: 'POST' }, () => {
      made += 1;
      return line();
    });
    assert.deepEqual([posts.requests(), all.requests(), made], [[`${line()}\n`], [`${line()}\n`], 1]);
    stop();
    tap.offer(seen, () => assert.fail('the watch has ended'));
  });

  test('gets a bounded number of lines a second, and the number of lines that it missed', () => {
    const { tap, clock, dropped } = start();
    const sink = heldSink();
    tap.watch(() => true, sink, 2);
    for (let i = 0; i < 5; i += 1) tap.offer(seen, line);
    assert.equal(sink.requests().length, 2);
    assert.equal(dropped('rate'), 3);
    clock.advance(1000);
    tap.offer(seen, line);
    assert.deepEqual(sink.lines.slice(-2), ['{"event":"alive","dropped":3}\n', `${line()}\n`]);
  });

  test('holds no more than its limit for a slow reader, and cuts one that takes nothing', () => {
    const { tap, clock, dropped } = start();
    const sink = heldSink();
    const other = heldSink();
    tap.watch(() => true, sink, 1000);
    tap.watch(() => true, other, 1000);
    sink.waiting = waitingBytesMax + 1;
    tap.offer(seen, line);
    assert.equal(dropped('slow'), 1);
    assert.equal(sink.requests().length, 0);
    assert.equal(other.requests().length, 1);
    clock.advance(stalledMs);
    assert.equal(sink.ended, null);
    clock.advance(2000);
    assert.equal(sink.ended, 'cut');
    assert.equal(dropped('cut'), 1);
    assert.equal(other.ended, null);
  });

  test('that is slow but takes something goes on', () => {
    const { tap, clock } = start();
    const sink = heldSink();
    tap.watch(() => true, sink, 1000);
    for (sink.waiting = 100; sink.waiting > 40; sink.waiting -= 1) clock.advance(1000);
    assert.equal(sink.ended, null);
  });

  test('gets signs of life, and ends with the mesh', () => {
    const { tap, clock } = start();
    const sink = heldSink();
    tap.watch(() => true, sink, 1000);
    assert.equal(sink.lines.length, 1);
    clock.advance(60_000);
    assert.equal(sink.lines.length, 5);
    tap.close();
    assert.equal(sink.ended, 'gently');
    assert.equal(tap.open, false);
  });

  test('is one of a limited number', () => {
    const { tap } = start();
    const stops = Array.from({ length: watchersMax }, () => tap.watch(() => true, heldSink(), 1));
    assert.equal(tap.open, false);
    stops[0]?.();
    assert.equal(tap.open, true);
  });
});
