import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { badRequest, failedValidation } from '../api/faults.ts';
import { createServer, type Server } from '../http/server.ts';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { ServiceError } from '../service/errors.ts';
import type { KeptReply } from './kept-reply.ts';
import { type OnceStore, replyOnce } from './reply-once.ts';

/** Replies in memory. A transaction that fails leaves none. */
function memory() {
  const kept = new Map<string, KeptReply & { owner: string | null }>();
  const store: OnceStore<Map<string, KeptReply & { owner: string | null }>> = {
    transaction: async (work) => {
      const own = new Map(kept);
      const result = await work(own);
      for (const [hash, reply] of own) kept.set(hash, reply);
      return result;
    },
    replies: (tx) => ({
      claim: async ({ hash }) => tx.get(hash),
      keep: async (reply, owner) => {
        tx.set(reply.hash, { ...reply, owner });
      },
    }),
  };
  return { kept, store };
}

describe('a request with an Idempotency-Key', () => {
  let server: Server;
  let bench: ReturnType<typeof memory>;
  let work: () => Promise<{ body: unknown; owner?: string }>;
  let worked: number;
  beforeEach(async () => {
    bench = memory();
    worked = 0;
    work = async () => ({ body: { n: worked }, owner: `thing-${worked}` });
    const errors = { full: { status: 409, title: 'Full' }, broken: { status: 500, title: 'Broken' } };
    server = await createServer({
      ...{ logger: createLogger({ level: 'silent', service: 'test' }), metrics: new Metrics(), errors, checks: {} },
      docs: { title: 'test', version: '1', description: 'a server' },
    });
    server.decorateRequest('caller');
    server.addHook('onRequest', async (request) => {
      const { client = 'c', customer } = request.headers as Record<string, string>;
      request.caller = {
        ...{ kind: 'implicit', clientId: client, scope: '' },
        ...(customer !== undefined && { subject: customer }),
      };
    });
    server.post('/*', (request, reply) =>
      replyOnce({ request, reply, errors, now: () => 1_700_000_000_000 }, bench.store, () => {
        worked += 1;
        return work();
      }),
    );
  });
  afterEach(() => server.close());

  const post = async (headers: Record<string, string>, body: object = {}, url = '/v2/things') => {
    const type = { 'content-type': 'application/json' };
    const reply = await server.inject({ method: 'POST', url, headers: { ...type, ...headers }, body });
    return { status: reply.statusCode, body: reply.json(), type: reply.headers['content-type'] };
  };
  const key = { 'idempotency-key': 'one' };

  test('does its work once, and a repetition gets the first reply', async () => {
    const first = await post(key);
    assert.deepEqual(first, { status: 201, body: { n: 1 }, type: 'application/json; charset=utf-8' });
    assert.deepEqual(await post({ 'idempotency-key': '"one"' }), first);
    assert.deepEqual(await post(key, {}, '/v2/things/?page=1'), first);
    assert.equal(worked, 1);
    const [reply] = [...bench.kept.values()];
    const { hash, bodyHash, ...shown } = reply ?? assert.fail();
    assert.match(`${hash} ${bodyHash}`, /^[0-9a-f]{64} [0-9a-f]{64}$/);
    assert.deepEqual(shown, {
      ...{ client: 'implicit c', customer: '', method: 'POST', path: '/v2/things', key: 'one' },
      ...{ createdAt: 1_700_000_000_000_000, status: 201, reply: '{"n":1}', owner: 'thing-1' },
    });
  });

  test('is another one of another client, customer or path, and without a key each is', async () => {
    await post(key);
    for (const headers of [{ ...key, client: 'd' }, { ...key, customer: 'ann' }, {}, {}]) await post(headers);
    await post(key, {}, '/v2/others');
    assert.equal(worked, 6);
    assert.equal(bench.kept.size, 4);
  });

  test('with another body than before is refused', async () => {
    await post(key, { a: 1 });
    const { status, body } = await post(key, { a: 2 });
    assert.deepEqual([status, body.errors[0].title], [422, 'Idempotency-Key reused']);
    assert.equal(worked, 1);
  });

  test('keeps a refusal that decides, in the words in which it was sent', async () => {
    const refusals = [
      () => new ServiceError('full', { detail: 'there is no room' }),
      () => badRequest('this is not possible now'),
    ];
    for (const [index, refusal] of refusals.entries()) {
      work = () => Promise.reject(refusal());
      const header = { 'idempotency-key': `refused-${index}` };
      const first = await post(header);
      work = async () => ({ body: {} });
      const { status, body } = await post(header);
      assert.deepEqual({ status, body }, { status: first.status, body: first.body });
    }
    assert.equal(worked, 2);
    assert.deepEqual(
      [...bench.kept.values()].map(({ owner, status }) => [owner, status]),
      [
        [null, 409],
        [null, 400],
      ],
    );
  });

  test('keeps no other error, so that the client may try again', async () => {
    const errors = [
      () => failedValidation([{ source: 'data.name', detail: 'is too long' }]),
      () => new ServiceError('store_unavailable'),
      () => new ServiceError('not_found'),
      () => new Error('a fault of the program'),
    ];
    for (const [index, error] of errors.entries()) {
      work = () => Promise.reject(error());
      const header = { 'idempotency-key': `failed-${index}` };
      assert.ok((await post(header)).status >= 400);
      work = async () => ({ body: { index } });
      assert.deepEqual((await post(header)).body, { index });
    }
  });

  test('does its work again when the transaction is repeated, and forgets the refusal of the first attempt', async () => {
    const { transaction } = bench.store;
    bench.store.transaction = async (attempt) => {
      work = () => Promise.reject(new ServiceError('full'));
      await transaction(attempt);
      bench.kept.clear();
      work = async () => ({ body: { second: true } });
      return transaction(attempt);
    };
    assert.deepEqual((await post(key)).body, { second: true });
  });

  test('whose key has no form of one is refused', async () => {
    assert.equal((await post({ 'idempotency-key': 'two words' })).status, 400);
    assert.equal(worked, 0);
  });
});
