import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { type Asker, writeAudit } from './audit.ts';
import { cleanUpAll, cleanUpClient } from './clean-up.ts';
import { checkRate } from './rate-limit.ts';
import { checkLiveTokens } from './tokens.ts';

const fixedNow = new Date('2018-06-01T12:00:00Z');

describe('limits and clean-up of tokens', () => {
  let open: TestShop;
  before(async () => {
    open = await openTestShop();
  });
  after(() => open.close());
  beforeEach(() => open.shop.db.query('truncate access_tokens, token_audit'));

  /** Tokens of a client that expired 1, 2, 3 … hours ago, and one that lives. */
  const addTokens = (clientId: string, expired: number) =>
    open.shop.db.query(
      `insert into access_tokens (token_hash, client_id, identifier, scope, issued_at, expires_at)
       select $1 || n, $1, 'implicit', '', $2, $2::timestamptz - n * interval '1 hour' + interval '1 minute'
       from generate_series(0, $3::int) n`,
      [clientId, fixedNow, expired],
    );
  const left = async (clientId: string) => {
    const text = 'select token_hash from access_tokens where client_id = $1 order by expires_at desc';
    return (await open.shop.db.query(text, [clientId])).rows.map(({ token_hash }) => token_hash);
  };

  test('the clean-up keeps a client’s newest tokens and deletes older expired ones', async () => {
    await addTokens('a', 5);
    await addTokens('b', 5);
    await cleanUpClient(open.shop.db, 'a', fixedNow, 3);
    assert.deepEqual(await left('a'), ['a0', 'a1', 'a2']);
    assert.equal((await left('b')).length, 6);
  });

  test('the clean-up keeps all tokens of a client with few, and all live tokens', async () => {
    await addTokens('a', 5);
    await cleanUpClient(open.shop.db, 'a', fixedNow, 100);
    assert.equal((await left('a')).length, 6);
    await cleanUpClient(open.shop.db, 'a', new Date(fixedNow.getTime() - 24 * 3_600_000), 1);
    assert.equal((await left('a')).length, 6);
  });

  test('the job does the same for all clients', async () => {
    await addTokens('a', 5);
    await addTokens('b', 1);
    assert.equal(await cleanUpAll(open.shop.db, fixedNow, 3), 3);
    assert.deepEqual(await left('a'), ['a0', 'a1', 'a2']);
    assert.deepEqual(await left('b'), ['b0', 'b1']);
  });

  test('a client or an address that requests too many tokens within a minute is refused', async () => {
    const asker: Asker = { clientId: 'a', remoteAddress: '192.0.2.1', at: fixedNow };
    await writeAudit(open.shop.db, asker, ['token.requested', 'token.requested', 'token.issued'], {});
    const check = (changed: Partial<Asker>, perClient: number, perAddress: number) =>
      checkRate(open.shop.db, { ...asker, ...changed }, { perClient, perAddress });

    await check({}, 3, 3);
    await assert.rejects(check({}, 2, 3), { code: 'rate_limited' });
    await assert.rejects(check({}, 3, 2), { code: 'rate_limited' });
    await check({ clientId: 'b' }, 2, 3);
    await check({ remoteAddress: '192.0.2.2' }, 3, 2);
    await check({ at: new Date(fixedNow.getTime() + 60_001) }, 1, 1);
  });

  test('the number of a client’s live tokens is limited', async () => {
    await addTokens('a', 5);
    await checkLiveTokens(open.shop.db, 'a', fixedNow, 2);
    await assert.rejects(checkLiveTokens(open.shop.db, 'a', fixedNow, 1), { code: 'rate_limited' });
  });
});
