import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';

test('prints the current values of counters, gauges and histograms', async () => {
  const metrics = new Metrics();
  const issued = metrics.counter('issued_total', 'Issued', ['kind']);
  const a = issued.series({ kind: 'a' });
  issued.series({ kind: 'b' }).value += 2;
  let size = 1;
  metrics.gauge('size', 'Size', () => size);
  let waiting = [{ labels: { resource: 'gone' }, value: 1 }];
  metrics.gauges('waiting', 'Waiting', ['resource'], () => waiting);
  await metrics.render();
  waiting = [{ labels: { resource: 'brands' }, value: 3 }];
  const seconds = metrics.durations('work_seconds', 'Work').series({ route: '/x' });
  seconds.observe(0.0004);
  seconds.observe(0.003);
  seconds.observe(60);
  a.value += 5;
  size = 7;

  const text = await metrics.render();
  for (const line of [
    'issued_total{kind="a"} 5',
    'issued_total{kind="b"} 2',
    'size 7',
    'waiting{resource="brands"} 3',
    '# TYPE work_seconds histogram',
    'work_seconds_bucket{route="/x",le="0.0005"} 1',
    'work_seconds_bucket{route="/x",le="0.005"} 2',
    'work_seconds_bucket{route="/x",le="10"} 2',
    'work_seconds_bucket{route="/x",le="+Inf"} 3',
    'work_seconds_sum{route="/x"} 60.0034',
    'work_seconds_count{route="/x"} 3',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  assert.ok(!text.includes('gone'), text);
  assert.equal(await metrics.render(), text, 'a second scrape changes nothing');
});
