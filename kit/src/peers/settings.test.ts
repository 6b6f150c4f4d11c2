import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { settingsOf } from './settings.ts';
import { type Replying, replying } from './testing.ts';

test('the calculation method is the last one known, and `simple` before', async () => {
  let nowMs = 0;
  const replies: [Replying, string][] = [
    [() => Promise.reject(new ServiceError('peer_unavailable')), 'simple'],
    [() => ({ body: { data: { page_length: 25, calculation_method: 'line' } } }), 'line'],
    [() => ({ status: 500, body: {} }), 'line'],
    [() => ({ body: { data: { page_length: 50, calculation_method: 'guess' } } }), 'line'],
    [() => ({ body: { data: null } }), 'line'],
    [() => ({ body: { data: { page_length: 50, calculation_method: 'simple' } } }), 'simple'],
  ];
  const left = replies.map(([reply]) => reply);
  const { asking, requests } = replying((request) => (left.shift() ?? assert.fail())(request));
  const settings = settingsOf(asking, () => nowMs, 1_000);
  const methods: string[] = [];
  for (const _ of replies) {
    methods.push((await settings({})).calculationMethod);
    nowMs += 999;
    assert.equal((await settings({})).calculationMethod, methods.at(-1), 'within the moment nothing is asked');
    nowMs += 1;
  }
  assert.deepEqual(
    methods,
    replies.map(([, method]) => method),
  );
  assert.equal(requests.length, replies.length);
  assert.equal((await settings({})).pageLength, 50);
});
