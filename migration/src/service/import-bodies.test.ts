import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Change, ImportRequest } from '@banyan/kit/import';
import { Compile } from '@banyan/kit/typebox';
import { importBodies } from './import-bodies.ts';

const isRequest = Compile(ImportRequest);
const change = (key: string, text: string): Change => ({ key, version: 7, state: { text } });
const bodies = (changes: Change[], most?: number) =>
  [...importBodies(3, changes, most)].map((text) => {
    const body: unknown = JSON.parse(text);
    assert.ok(isRequest.Check(body));
    assert.equal(body.epoch, 3);
    return body.changes;
  });

test('changes go in one body, and a heartbeat in an empty one', () => {
  const changes = [change('a', 'é "quoted"\n😀'), { key: 'b', version: 8, state: null }];
  assert.deepEqual(bodies(changes), [changes]);
  assert.deepEqual(bodies([]), [[]]);
});

test('no body is longer than what a service takes, in bytes', () => {
  const changes = Array.from({ length: 30 }, (_, n) => change(`k${n}`, '\u0001é😀"'.repeat(50)));
  const some = bodies(changes, 4_000);
  assert.ok(some.length > 5);
  assert.deepEqual(some.flat(), changes, 'in their order, each once');
  for (const text of importBodies(3, changes, 4_000)) assert.ok(Buffer.byteLength(text) < 4_100);
});

test('a change that is too long goes alone', () => {
  const [first, long, last] = [change('a', ''), change('b', 'x'.repeat(9_000)), change('c', '')];
  assert.deepEqual(bodies([first, long, last], 4_000), [[first], [long], [last]]);
});

test('more changes than one request may have go in several', () => {
  const sizes = bodies(Array.from({ length: 5_001 }, (_, n) => change(`k${n}`, ''))).map(({ length }) => length);
  assert.deepEqual(sizes, [5_000, 1]);
});
