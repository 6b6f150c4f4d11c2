import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { pageLengthOf } from './page-length.ts';
import { type Replying, replying } from './testing.ts';

function opened(reply: Replying) {
  let nowMs = 0;
  const { asking, requests } = replying(reply);
  const length = pageLengthOf(asking, () => nowMs, 1_000);
  const advance = (ms: number) => {
    nowMs += ms;
  };
  return { length, requests, advance };
}

test('the settings are asked once for all requests of a moment, and again after it', async () => {
  let pageLength = 25;
  const { length, requests, advance } = opened(() => ({ body: { data: { page_length: pageLength } } }));
  assert.deepEqual(await Promise.all([length({}), length({})]), [25, 25]);
  pageLength = 50;
  advance(999);
  assert.equal(await length({}), 25);
  advance(1);
  assert.equal(await length({}), 50);
  assert.deepEqual(
    requests.map(({ service, path }) => `${service} ${path}`),
    ['settings /internal/settings', 'settings /internal/settings'],
  );
});

test('while the settings cannot be asked, the last one known holds, and they are not asked for each request', async () => {
  const replies: Replying[] = [
    () => Promise.reject(new ServiceError('peer_unavailable')),
    () => ({ body: { data: { page_length: 25 } } }),
    () => ({ status: 500, body: {} }),
    () => ({ body: { data: { page_length: 'many' } } }),
    () => ({ body: {} }),
  ];
  const { length, requests, advance } = opened((request) => (replies.shift() ?? assert.fail())(request));
  for (const expected of [100, 25, 25, 25, 25]) {
    assert.equal(await length({}), expected);
    assert.equal(await length({}), expected);
    advance(1_000);
  }
  assert.equal(requests.length, 5);
});
