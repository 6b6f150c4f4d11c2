import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { MeshReply, MeshRequest } from '@banyan/kit/client';
import { ServiceError } from '@banyan/kit/errors';
import { OpaqueTokens } from './opaque-tokens.ts';

const token = 'a'.repeat(40);
const other = 'b'.repeat(40);
const live = { active: true, client_id: 'c', identifier: 'implicit', scope: 's', exp: 2_000, token_type: 'Bearer' };

describe("the monolith's tokens", () => {
  let nowMs = 1_000_000;
  let asked: MeshRequest[] = [];
  let respond: () => Promise<MeshReply>;
  let tokens: OpaqueTokens;
  const caller = { id: 'me', secret: 'pw' };

  const build = (as: typeof caller | null) =>
    new OpaqueTokens({
      mesh: {
        send: (request) => {
          asked.push(request);
          return respond();
        },
      },
      caller: as,
      now: () => nowMs,
      entries: 3,
      freshMs: 10_000,
      staleMs: 300_000,
      negativeMs: 10_000,
    });
  const says = (body: unknown, status = 200, retryable = true) => {
    respond = async () => ({ status, text: JSON.stringify(body), retryable });
  };

  beforeEach(() => {
    nowMs = 1_000_000;
    asked = [];
    says(live);
    tokens = build(caller);
  });

  test('are introspected with credentials, in the body, and with the trace', async () => {
    assert.deepEqual(await tokens.introspect(token, { traceparent: 'tp' }), live);
    const [request] = asked;
    assert.equal(request?.service, 'monolith');
    assert.equal(request?.path, '/oauth/introspect');
    assert.equal(request?.headers?.authorization, `Basic ${Buffer.from('me:pw').toString('base64')}`);
    assert.equal(request?.body, `token=${token}`);
    assert.deepEqual(request?.trace, { traceparent: 'tp' });
  });

  test('report that callers must not retry what the mesh has retried', async () => {
    says('failed', 503, false);
    await assert.rejects(tokens.introspect(token, {}), {
      code: 'bad_reply',
      details: { detail: 'The monolith replied 503 about a token', retryable: false },
    });
  });

  test('are introspected once while the reply is fresh', async () => {
    await Promise.all([tokens.introspect(token, {}), tokens.introspect(token, {})]);
    nowMs += 9_999;
    await tokens.introspect(token, {});
    assert.equal(asked.length, 1);
  });

  test('that are revoked are refused once the reply is no longer fresh, long before they expire', async () => {
    says({ ...live, exp: 2_147_483_647 });
    await tokens.introspect(token, {});
    says({ active: false });
    nowMs += 10_000;
    assert.deepEqual(await tokens.introspect(token, {}), { active: false });
    assert.equal(asked.length, 2);
  });

  test('are introspected again after they expire, even if the reply is fresh', async () => {
    says({ ...live, exp: 1_005 });
    await tokens.introspect(token, {});
    nowMs = 1_005_000;
    says({ active: false });
    assert.deepEqual(await tokens.introspect(token, {}), { active: false });
  });

  test('keep their last reply for a limited time while the monolith is unreachable', async () => {
    for (const [exp, untilMs] of [
      [2_147_483_647, 1_300_000],
      [1_200, 1_200_000],
    ] as const) {
      nowMs = 1_000_000;
      tokens = build(caller);
      const reply = { ...live, exp };
      says(reply);
      await tokens.introspect(token, {});
      says({}, 503);
      nowMs = untilMs - 1;
      assert.deepEqual(await tokens.introspect(token, {}), reply);
      nowMs = untilMs;
      await assert.rejects(tokens.introspect(token, {}), { code: 'bad_reply' });
    }
  });

  test('that are unknown are cached for a limited time', async () => {
    says({ active: false });
    await tokens.introspect(token, {});
    nowMs += 9_999;
    await tokens.introspect(token, {});
    assert.equal(asked.length, 1);
    nowMs += 1;
    says(live);
    assert.deepEqual(await tokens.introspect(token, {}), live);
  });

  test('in another format are not introspected', async () => {
    for (const text of ['', 'x', 'A'.repeat(40), `${token}0`, 'a&token=b', 'a'.repeat(39)]) {
      assert.deepEqual(await tokens.introspect(text, {}), { active: false });
    }
    assert.deepEqual(asked, []);
  });

  test('are not valid without credentials at the monolith', async () => {
    assert.deepEqual(await build(null).introspect(token, {}), { active: false });
  });

  test('a failure is reported and not cached', async () => {
    respond = () => Promise.reject(new ServiceError('peer_unavailable'));
    await assert.rejects(tokens.introspect(token, {}), /peer_unavailable/);
    for (const [body, status] of [
      [live, 401],
      [live, 503],
      ['<html>', 200],
      [null, 200],
      [{ active: 'yes' }, 200],
      [{ ...live, exp: 'soon' }, 200],
      [{ ...live, identifier: 'root' }, 200],
    ] as const) {
      says(body, status);
      await assert.rejects(tokens.introspect(token, {}), { code: 'bad_reply' }, JSON.stringify([body, status]));
    }
    says(live);
    assert.deepEqual(await tokens.introspect(token, {}), live);
  });

  test('take a bounded amount of memory', async () => {
    await tokens.introspect(token, {});
    for (const last of ['c', 'd', 'e']) await tokens.introspect(other.slice(1) + last, {});
    asked = [];
    await tokens.introspect(token, {});
    assert.equal(asked.length, 1, 'it was pushed out');
  });
});
