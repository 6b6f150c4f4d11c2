import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshRequest } from '@banyan/kit/client';
import { type RedeemContext, RefreshTokens } from './refresh-tokens.ts';

const grant = { type: 'refresh_token', clientId: 'c', refreshToken: 'r' } as const;
const reply = JSON.stringify({ access_token: 'a', expires: 1, identifier: 'implicit' });

async function sent(context: Partial<RedeemContext>, status = 200): Promise<MeshRequest> {
  const requests: MeshRequest[] = [];
  const mesh = {
    send: async (request: MeshRequest) => {
      requests.push(request);
      return { status, text: reply, retryable: true };
    },
  };
  await new RefreshTokens(mesh).redeem(grant, { trace: { traceparent: 'x' }, ...context });
  return requests[0] as MeshRequest;
}

test('redeems a refresh token with the deadline and the trace of the caller', async () => {
  const request = await sent({ deadlineAtMs: 1234 });
  assert.equal(request.deadlineAtMs, 1234);
  assert.deepEqual(request.trace, { traceparent: 'x' });
});

test('uses its own time limit when the caller sets none', async () => {
  const request = await sent({});
  assert.equal('deadlineAtMs' in request, false);
  assert.equal(request.timeoutMs, 10_000);
});

test('sends the Idempotency-Key to the monolith with the token', async () => {
  assert.equal((await sent({ idempotencyKey: '"k"' })).headers?.['idempotency-key'], '"k"');
  assert.equal('idempotency-key' in ((await sent({})).headers ?? {}), false);
  for (const idempotencyKey of ['', '\u00ff', 'a\nb', 'x'.repeat(1_025)]) {
    await assert.rejects(sent({ idempotencyKey }), { code: 'invalid_request' }, JSON.stringify(idempotencyKey));
  }
});

test('refuses with the same status as the monolith', async () => {
  for (const [status, code] of [
    [400, 'invalid_request'],
    [401, 'invalid_client'],
    [409, 'in_progress'],
    [422, 'key_reused'],
    [429, 'rate_limited'],
    [500, 'bad_reply'],
  ] as const) {
    await assert.rejects(sent({}, status), { code });
  }
});
