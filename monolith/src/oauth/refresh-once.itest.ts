import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { allDebts } from '../debts.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { decoyHash } from './secret-hash.ts';

type Form = Record<string, string>;

for (const paid of [[], allDebts.map(({ name }) => name)]) {
  describe(`the refresh grant with an Idempotency-Key, with ${paid.length} debts paid`, () => {
    let open: TestShop;
    let renew: Form;

    before(async () => {
      open = await openTestShop(paid);
      await open.shop.db.query(
        `insert into api_clients (name, client_id, secret_hash, identifier_kinds) values ('S', 'storefront', $1, '{implicit}')`,
        [decoyHash],
      );
    });
    after(() => open.close());
    beforeEach(async () => {
      const first = await ask({ grant_type: 'implicit', client_id: 'storefront' });
      renew = { grant_type: 'refresh_token', client_id: 'storefront', refresh_token: first.body.refresh_token };
    });

    const ask = async (form: Form, headers: Form = {}, json = false) => {
      const type = json ? 'application/json' : 'application/x-www-form-urlencoded';
      const reply = await open.app.inject({
        method: 'POST',
        url: '/oauth/access_token',
        headers: { 'content-type': type, ...headers },
        payload: json ? JSON.stringify(form) : new URLSearchParams(form).toString(),
      });
      return { status: reply.statusCode, headers: reply.headers, body: reply.json() };
    };
    const keyed = (key: string) => ({ 'idempotency-key': key });
    const count = async (from: string) =>
      Number((await open.shop.db.query<{ n: string }>(`select count(*) as n from ${from}`)).rows[0]?.n);

    test('repeats the same tokens, to a form and to JSON, and issues them once', async () => {
      await open.shop.db.query('truncate token_audit');
      const before = await count('access_tokens');
      const first = await ask(renew, keyed('same'));
      assert.equal(first.status, 200);
      for (const again of [await ask(renew, keyed('"same"')), await ask(renew, keyed('same'), true)]) {
        assert.equal(again.status, 200);
        assert.equal(again.headers['cache-control'], 'no-store');
        assert.deepEqual(again.body, first.body);
      }
      assert.equal(await count('access_tokens'), before + 1);
      assert.equal(await count("token_audit where event = 'token.issued'"), 1);
      assert.equal(
        (await ask({ ...renew, refresh_token: first.body.refresh_token })).status,
        200,
        'the next one works',
      );
    });

    test('refuses another body under the key, and a used refresh token without the key', async () => {
      assert.equal((await ask(renew, keyed('other'))).status, 200);
      const reused = await ask({ ...renew, refresh_token: 'f'.repeat(40) }, keyed('other'));
      assert.equal(reused.status, 422);
      assert.equal((await ask(renew)).status, 401);
      assert.equal((await ask(renew, keyed('third'))).status, 401);
      assert.equal((await ask(renew, keyed('"'))).status, 400);
    });

    test('makes a concurrent request wait for the same tokens', async () => {
      const replies = await Promise.all([1, 2, 3].map(() => ask(renew, keyed('twin'))));
      assert.deepEqual(
        replies.map(({ status }) => status),
        [200, 200, 200],
      );
      assert.equal(new Set(replies.map(({ body }) => JSON.stringify(body))).size, 1);
    });

    test('leaves no token readable in the store', async () => {
      const { body } = await ask(renew, keyed('sealed'));
      const { rows } = await open.shop.db.query<{ row: string; reply: string }>(
        "select k::text as row, reply from idempotency_keys k where key = 'sealed'",
      );
      const stored = `${rows[0]?.row} ${Buffer.from(rows[0]?.reply ?? '', 'base64').toString('latin1')}`;
      assert.equal(rows.length, 1);
      for (const secret of [body.access_token, body.refresh_token, renew.refresh_token ?? '']) {
        assert.ok(secret.length === 40 && !stored.includes(secret));
      }
    });

    test('stores no refusal, and repeats no tokens to a revoked client', async () => {
      const unknown = { ...renew, refresh_token: 'e'.repeat(40) };
      assert.equal((await ask(unknown, keyed('later'))).status, 401);
      assert.equal((await ask(renew, keyed('later'))).status, 200);
      await open.shop.db.query("update api_clients set revoked_at = now() where client_id = 'storefront'");
      assert.equal((await ask(renew, keyed('later'))).status, 401);
      await open.shop.db.query("update api_clients set revoked_at = null where client_id = 'storefront'");
    });

    test('is ignored by the grants that give a new token each time', async () => {
      const implicit = { grant_type: 'implicit', client_id: 'storefront' };
      const [one, two] = [await ask(implicit, keyed('free')), await ask(implicit, keyed('free'))];
      assert.notEqual(one.body.access_token, two.body.access_token);
    });
  });
}
