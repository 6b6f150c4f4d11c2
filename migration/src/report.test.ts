import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backfillText, bar, parityText } from './report.ts';

const backfilled = {
  mapping: 'm',
  dryRun: false,
  total: 4,
  read: 4,
  inserted: 1,
  updated: 1,
  unchanged: 1,
  refused: 1,
  refusedIds: ['id-1'],
  mended: 0,
  removed: 0,
  extra: 0,
  resumedAfter: null,
  since: null,
  finished: true,
};

test('a bar fills up, and is full when there is nothing to do', () => {
  assert.equal(bar(1, 4, 8), '██░░░░░░  25 %  1/4');
  assert.equal(bar(0, 0, 4), '████ 100 %  0/0');
  assert.equal(bar(9, 4, 4), '████ 100 %  9/4', 'rows may be added while it runs');
});

test('a backfill reports what it did and what remains to do', () => {
  assert.match(backfillText(backfilled), /^4 read: 1 inserted, 1 updated, 1 unchanged, 1 refused\nrefused, .*: id-1$/);
  const rest = backfillText({
    ...backfilled,
    refused: 0,
    dryRun: true,
    mended: 5,
    removed: 6,
    extra: 7,
    resumedAfter: 'k',
    since: 't',
    finished: false,
  });
  for (const line of [
    /continued an earlier run that was not finished/,
    /only changes since t /,
    /nothing was changed/,
    /run it again/,
    /5 of these/,
    /6 deleted/,
    /7 .*--prune/,
  ]) {
    assert.match(rest, line);
  }
});

test('a comparison lists the first differences and counts the others', () => {
  const counts = { lagging: 0, missing: 0, extra: 25, diverged: 0 };
  const same = { mapping: 'm', sourceRows: 3, targetRows: 3, ranges: 2, differingRanges: 0, counts, differences: [] };
  assert.match(parityText({ ...same, equal: true }), /the same 3 records \(2 key ranges compared\)/);
  const differences = Array.from({ length: 25 }, (_, n) => ({
    id: `id-${n}`,
    kind: 'extra' as const,
    fields: ['name'],
  }));
  const text = parityText({ ...same, equal: false, differences });
  assert.match(text, /25 extra/);
  assert.match(text, /extra {4}id-0 {2}name/);
  assert.match(text, /… and 5 more/);
  assert.match(text, /\n`backfill m --prune` also deletes extra records$/);
  const lost = parityText({ ...same, equal: false, counts: { ...counts, extra: 0, diverged: 1 } });
  assert.match(lost, /\n`backfill m` copies lagging, missing and diverged records/);
});
