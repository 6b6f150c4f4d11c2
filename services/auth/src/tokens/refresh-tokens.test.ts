import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshRequest } from '@banyan/kit/client';
import { RefreshTokens } from './refresh-tokens.ts';

const grant = { type: 'refresh_token', clientId: 'c', refreshToken: 'r' } as const;
const answer = JSON.stringify({ access_token: 'a', expires: 1, identifier: 'implicit' });

async function sent(deadlineAtMs?: number): Promise<MeshRequest> {
  const requests: MeshRequest[] = [];
  const mesh = {
    send: async (request: MeshRequest) => {
      requests.push(request);
      return { status: 200, text: answer, retryable: true };
    },
  };
  await new RefreshTokens(mesh).redeem(grant, { traceparent: 'x' }, deadlineAtMs);
  return requests[0] as MeshRequest;
}

test('a refresh token is redeemed within the time that the caller gives, and in its trace', async () => {
  const request = await sent(1234);
  assert.equal(request.deadlineAtMs, 1234);
  assert.deepEqual(request.trace, { traceparent: 'x' });
});

test('a caller who says nothing of time leaves the service its own', async () => {
  const request = await sent();
  assert.equal('deadlineAtMs' in request, false);
  assert.equal(request.timeoutMs, 10_000);
});
