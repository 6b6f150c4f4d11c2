import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '../testing/clock.ts';
import { until } from '../testing/harness.ts';
import { Metrics } from './metrics.ts';
import { batchMax, queueMax, SpanExport } from './span-export.ts';
import type { Span } from './trace.ts';

const span = (sampled = true): Span => ({
  traceId: 'a',
  spanId: 'b',
  parentId: null,
  sampled,
  debug: false,
  kind: 'server',
  name: 'GET all',
  startedAt: 0,
  durationMs: 1,
  attributes: {},
  children: [],
});

/** A collector that replies when the test says so. */
function start() {
  const clock = testClock();
  const metrics = new Metrics();
  const batches: { spans: number; taken(): void; refused(): void }[] = [];
  const spanExport = new SpanExport(
    clock,
    metrics,
    (spans) =>
      new Promise((resolve, reject) => {
        batches.push({ spans: spans.length, taken: resolve, refused: () => reject(new Error('no')) });
      }),
  );
  const count = (name: string) =>
    metrics
      .json()
      .counters.find((family) => family.name === name)
      ?.series.reduce((sum, { value }) => sum + value, 0);
  return { clock, spanExport, batches, count };
}

test('sampled traces go out with their attempts, in a batch, after a while', async () => {
  const { clock, spanExport, batches, count } = start();
  spanExport.add({ ...span(), children: [span(), span()] });
  spanExport.add(span(false));
  spanExport.add(span());
  assert.equal(batches.length, 0);
  clock.advance(1000);
  assert.deepEqual(
    batches.map(({ spans }) => spans),
    [4],
  );
  batches[0]?.taken();
  await until(() => count('mesh_trace_spans_exported_total') === 4, 'they are counted');
});

test('a full batch goes at once, one at a time', async () => {
  const { spanExport, batches } = start();
  for (let i = 0; i < batchMax * 2; i += 1) spanExport.add(span());
  assert.deepEqual(
    batches.map(({ spans }) => spans),
    [batchMax],
  );
  batches[0]?.taken();
  await until(() => batches.length === 2, 'the next one goes');
});

test('while the collector takes nothing, traces beyond the queue are dropped and counted', async () => {
  const { spanExport, batches, count } = start();
  for (let i = 0; i < batchMax + queueMax + 5; i += 1) spanExport.add(span());
  assert.equal(count('mesh_trace_spans_dropped_total'), 5);
  batches[0]?.refused();
  await until(() => count('mesh_trace_spans_dropped_total') === 5 + batchMax, 'refused traces are counted too');
  await until(() => batches.length === 2, 'it goes on');
});

test('traces that come during a batch do not wait forever', async () => {
  const { clock, spanExport, batches } = start();
  spanExport.add(span());
  clock.advance(1000);
  spanExport.add(span());
  batches[0]?.taken();
  await until(() => {
    clock.advance(1000);
    return batches.length === 2;
  }, 'it goes too');
});

test('closing sends the waiting traces, and waits no longer than allowed', async () => {
  const { clock, spanExport, batches } = start();
  spanExport.add(span());
  const closed = spanExport.close(500);
  assert.equal(batches.length, 1);
  clock.advance(500);
  await closed;
  spanExport.add(span());
  clock.advance(5000);
  assert.equal(batches.length, 1);
});
