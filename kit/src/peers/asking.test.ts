import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { Asking, forwarded } from './asking.ts';
import { replying } from './testing.ts';

const code = (expected: string) => (error: unknown) => error instanceof ServiceError && error.code === expected;
const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;

test('a request joins the trace of the one that causes it, and ends when that caller stops waiting', async () => {
  const { asking, requests } = replying(() => ({ status: 404, body: { errors: [] } }));
  const before = performance.now();
  const reply = await asking.ask(
    'things',
    '/v2/things',
    { authorization: 'Bearer a' },
    {
      ...{ traceparent, authorization: 'Bearer b', cookie: 'c', 'x-request-timeout-ms': '500' },
    },
  );
  assert.deepEqual(reply, { status: 404, body: { errors: [] } });
  const [sent] = requests;
  assert.ok(sent);
  const { deadlineAtMs = 0, ...request } = sent;
  assert.deepEqual(request, {
    ...{ service: 'things', method: 'GET', path: '/v2/things', headers: { authorization: 'Bearer a' } },
    ...{ trace: { traceparent }, timeoutMs: 5_000 },
  });
  assert.ok(deadlineAtMs >= before + 500 && deadlineAtMs <= performance.now() + 500);
});

test('a caller without a deadline sets none', async () => {
  const { asking, requests } = replying(() => ({ body: {} }));
  await asking.ask('things', '/', {}, {});
  assert.equal(requests[0]?.deadlineAtMs, undefined);
});

test('a reply that is no use is an error that says whom to wait for', async () => {
  for (const reply of [{ status: 500, body: {} }, { body: 'no JSON' }, { body: '"text"' }, { body: 'null' }]) {
    const { asking } = replying(() => reply);
    await assert.rejects(asking.ask('things', '/', {}, {}), (error: ServiceError) => {
      assert.deepEqual([error.code, error.details.retryAfterS], ['peer_unavailable', 1]);
      return error.message === 'The things service cannot be asked now';
    });
  }
  const { asking } = replying(() => Promise.reject(new ServiceError('peer_timeout')));
  await assert.rejects(asking.ask('things', '/', {}, {}), code('peer_timeout'));
});

test('an internal path gets the credentials of this service, and nothing that the caller sent', async () => {
  const { asking, requests } = replying(() => ({ body: { data: [1, 2] } }));
  assert.deepEqual(await asking.internalList('things', '/internal/things', { authorization: 'Bearer b' }), [1, 2]);
  const authorization = `Basic ${Buffer.from('things:let me ask').toString('base64')}`;
  assert.deepEqual(requests[0]?.headers, { authorization });
});

test('an internal path without credentials, with another status, or without a list is an error', async () => {
  const { mesh, requests } = replying(() => ({ body: { data: [] } }));
  await assert.rejects(new Asking({ mesh, credentials: null }).internal('things', '/', {}), code('peer_unavailable'));
  assert.equal(requests.length, 0);
  for (const reply of [{ status: 401, body: { data: [] } }, { body: { data: {} } }, { body: {} }]) {
    const { asking } = replying(() => reply);
    await assert.rejects(asking.internalList('things', '/', {}), code('peer_unavailable'));
  }
});

test('headers that the caller did not send are not sent on', () => {
  const headers = { authorization: 'Bearer a', 'x-many': ['1', '2'], cookie: 'c' };
  assert.deepEqual(forwarded(headers, ['authorization', 'x-many', 'x-none']), { authorization: 'Bearer a' });
});
