import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import type { Mover } from '../mover/mover.ts';
import type { Queryable } from '../resources/queryable.ts';
import { Backlogs } from './backlogs.ts';
import { addBacklogGauges } from './gauges.ts';

/** Two resources: the monolith owns brands, and a service owns carts. */
function twoResources() {
  const movers = ['brands', 'carts'].map((name) => ({ resource: { name, group: name }, inStepAtMs: 0 }));
  const rows = [
    { name: 'brands', state: 'owner', changes: 0, ageMs: 0 },
    { name: 'carts', state: 'follower', changes: 0, ageMs: 0 },
  ];
  const db = { query: async () => ({ rows, rowCount: rows.length }) } as unknown as Queryable;
  const [brands, carts] = [rows[0], movers[1]];
  assert.ok(brands && carts);
  const backlogs = new Backlogs(db, createLogger({ level: 'silent', service: 'test' }));
  return { brands, carts, backlogs, look: (nowMs: number) => backlogs.look(movers as unknown as Mover[], nowMs) };
}

test('notes that are not taken raise the alarm of their resource only', async () => {
  const { brands, carts, backlogs, look } = twoResources();
  brands.changes = 9_000;
  for (let nowMs = 0; nowMs <= 15_000; nowMs += 1_000) {
    carts.inStepAtMs = nowMs - 20;
    await look(nowMs);
  }
  assert.equal(backlogs.of('brands')?.alarm, '9000 changes wait, the oldest for 0 s');
  assert.equal(backlogs.of('carts')?.alarm, null);
  brands.changes = 0;
  await look(16_000);
  assert.equal(backlogs.of('brands')?.alarm, null);
});

test('a service whose changes were not brought over for long raises the alarm', async () => {
  const { backlogs, look } = twoResources();
  for (let nowMs = 0; nowMs <= 21_000; nowMs += 1_000) await look(nowMs);
  assert.equal(backlogs.of('carts')?.alarm, 'changes wait, the oldest for 21 s');
});

test('the gauges tell each resource that is followed', async () => {
  const { brands, backlogs, look } = twoResources();
  Object.assign(brands, { changes: 9_000, ageMs: 1_500 });
  await look(0);
  await look(15_000);
  const metrics = new Metrics();
  addBacklogGauges(metrics, { backlogs: () => backlogs.all() });
  const text = await metrics.render();
  for (const line of [
    'migration_backlog_changes{resource="brands"} 9000',
    'migration_backlog_age_seconds{resource="brands"} 1.5',
    'migration_backlog_age_seconds{resource="carts"} 15',
    'migration_backlog_alarm{resource="brands"} 1',
    'migration_backlog_alarm{resource="carts"} 0',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line} in ${text}`);
  }
  assert.ok(!text.includes('migration_backlog_changes{resource="carts"}'), text);
  await backlogs.look([], 16_000);
  assert.ok(!(await metrics.render()).includes('resource='));
});
