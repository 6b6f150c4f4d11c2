import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { ParityReport } from './client-parity.ts';
import { createTwoSides, type TwoSides } from './testing/two-sides.ts';

describe('parity', () => {
  let sides: TwoSides;
  let ids: string[] = [];
  before(async () => {
    sides = await createTwoSides();
  });
  after(() => sides.drop());
  beforeEach(async () => {
    await sides.monolith.query('delete from api_clients');
    await sides.auth.query('delete from clients');
    await sides.auth.query('delete from import.progress');
    ids = await sides.addClients(30);
    await sides.migrate('backfill', 'auth-clients');
  });
  const parity = () => sides.report<ParityReport>('parity', 'auth-clients');

  test('both sides are equal after a backfill, even with upgraded secrets', async () => {
    await sides.auth.query("update clients set secret_hash = '$sha256$x'");
    const report = await parity();
    assert.deepEqual([report.code, report.equal, report.sourceRows, report.targetRows], [0, true, 30, 30]);
    assert.equal(report.differingRanges, 0);
  });

  test('distinguishes lag from divergence, and compares records only in ranges that differ', async () => {
    const [late, gone, changed, secret, extra] = ids;
    await sides.monolith.query("update api_clients set name = 'x', updated_at = now() where id = $1", [late]);
    await sides.auth.query('delete from clients where id = $1', [gone]);
    await sides.auth.query("update clients set name = 'tampered' where id = $1", [changed]);
    await sides.monolith.query("update api_clients set secret_hash = 'hunter2' where id = $1", [secret]);
    await sides.monolith.query('delete from api_clients where id = $1', [extra]);
    const report = await parity();
    assert.equal(report.code, 1);
    assert.deepEqual(report.counts, { lagging: 1, missing: 1, extra: 1, diverged: 2 });
    assert.deepEqual(
      new Map(report.differences.map(({ id, kind, fields }) => [id, `${kind} ${fields}`])),
      new Map(
        [
          [late, 'lagging name,updated_at'],
          [gone, 'missing '],
          [changed, 'diverged name'],
          [secret, 'diverged secret'],
          [extra, 'extra '],
        ].sort() as [string, string][],
      ),
    );
    assert.ok(report.differingRanges <= 5 && report.differingRanges < report.ranges);
    const { out, error } = await sides.migrate('parity', 'auth-clients');
    assert.doesNotMatch(out + error, /hunter2|scrypt|tampered/);
  });

  test('before the first backfill everything lags', async () => {
    await sides.auth.query('delete from clients');
    await sides.auth.query('delete from import.progress');
    assert.deepEqual((await parity()).counts, { lagging: 30, missing: 0, extra: 0, diverged: 0 });
  });
});
