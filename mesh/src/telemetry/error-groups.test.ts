import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorGroups, type ErrorKey, type ErrorSample, groupsMax } from './error-groups.ts';

const key = (over: Partial<ErrorKey> = {}): ErrorKey => ({
  what: 'upstream_reset',
  side: 'upstream',
  route: 'all/0',
  service: 'shop',
  endpoint: '10.0.0.1:80',
  why: 'ECONNRESET',
  ...over,
});
const sample = (second: number): ErrorSample => ({
  at: `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`,
  requestId: `r${second}`,
  traceId: null,
  method: 'GET',
  path: '/',
  status: null,
  detail: '',
});

test('failures of one kind are one group with its first and last time, its count and its last sample', () => {
  const groups = new ErrorGroups();
  groups.note(key(), sample(1), false);
  groups.note(key(), sample(2), true);
  groups.note(key({ endpoint: '10.0.0.2:80' }), sample(3), false);
  groups.note(key(), sample(4), false);
  const [last, other] = groups.list();
  assert.equal(groups.list().length, 2);
  assert.deepEqual(last, {
    ...key(),
    count: 3,
    seenByCallers: 1,
    first: sample(1).at,
    last: sample(4).at,
    sample: sample(4),
  });
  assert.equal(other?.endpoint, '10.0.0.2:80');
});

test('the number of groups is bounded: the one that has been quiet longest is dropped', () => {
  const groups = new ErrorGroups();
  for (let i = 0; i < groupsMax; i += 1) groups.note(key({ why: `why ${i}` }), sample(1), false);
  groups.note(key({ why: 'why 0' }), sample(2), false);
  groups.note(key({ why: 'new' }), sample(3), false);
  const whys = groups.list().map(({ why }) => why);
  assert.equal(whys.length, groupsMax);
  assert.deepEqual(whys.slice(0, 2), ['new', 'why 0']);
  assert.ok(!whys.includes('why 1'));
  assert.equal(groups.forgotten, 1);
});
