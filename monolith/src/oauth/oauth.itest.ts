import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { allDebts, type DebtName } from '../debts.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { hashSecret } from './secret-hash.ts';

const secret = '5'.repeat(40);
const introspection = { clientId: 'auth', clientSecret: 'let me ask' };
const tunable: DebtName[] = allDebts.filter((debt) => debt.tunable).map(({ name }) => name);

// A paid debt changes the cost of a reply, not its content.
for (const paid of [[], tunable, allDebts.map(({ name }) => name)]) {
  describe(`access tokens, with ${paid.length} debts paid`, () => {
    let open: TestShop;

    before(async () => {
      open = await openTestShop(paid, { introspection: introspection });
      const hash = await hashSecret(secret, undefined, { logN: 4, r: 8, p: 1 });
      await open.shop.db.query(
        `insert into api_clients (name, client_id, secret_hash, identifier_kinds, revoked_at) values
           ('Server', 'server', $1, '{implicit,client_credentials}', null),
           ('Storefront', 'storefront', $1, '{implicit}', null),
           ('Revoked', 'revoked', $1, '{implicit,client_credentials}', now())`,
        [hash],
      );
    });
    after(() => open.close());

    const post = async (form: Record<string, string>) => {
      const reply = await open.app.inject({
        method: 'POST',
        url: '/oauth/access_token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: new URLSearchParams(form).toString(),
      });
      return { status: reply.statusCode, headers: reply.headers, body: reply.json() };
    };
    const server = { grant_type: 'client_credentials', client_id: 'server', client_secret: secret };
    const storefront = { grant_type: 'implicit', client_id: 'storefront' };
    const get = async (path: string, authorization: string) =>
      (await open.app.inject({ url: path, headers: { authorization } })).statusCode;
    const introspect = async (token: string, authorization = basic(introspection)) => {
      const reply = await open.app.inject({
        method: 'POST',
        url: '/oauth/introspect',
        headers: { 'content-type': 'application/x-www-form-urlencoded', authorization },
        payload: `token=${token}`,
      });
      return { status: reply.statusCode, body: reply.json() };
    };

    test('client_credentials: a flat reply that clients can read', async () => {
      const beforeS = Math.floor(open.shop.now().getTime() / 1000);
      const { status, headers, body } = await post(server);
      assert.equal(status, 200);
      assert.equal(headers['cache-control'], 'no-store');
      assert.match(body.access_token, /^[0-9a-f]{40}$/);
      assert.equal(body.token_type, 'Bearer');
      assert.equal(body.expires_in, 3600);
      assert.ok(Number.isInteger(body.expires) && body.expires >= beforeS + 3600 && body.expires <= beforeS + 3660);
      assert.equal(body.identifier, 'client_credentials');
      assert.equal(body.refresh_token, undefined, 'a client with a secret renews with it');
    });

    test('implicit: read-mostly', async () => {
      const { status, body } = await post(storefront);
      assert.equal(status, 200);
      assert.equal(body.identifier, 'implicit');
      assert.equal(await get('/v2/currencies', `Bearer ${body.access_token}`), 200);
      assert.equal(await get('/v2/settings', `Bearer ${body.access_token}`), 403);
    });

    test('refresh_token: a new token, once', async () => {
      const first = (await post(storefront)).body;
      const renew = { grant_type: 'refresh_token', client_id: 'storefront', refresh_token: first.refresh_token };
      assert.equal((await post({ ...renew, client_id: 'server' })).status, 401, 'of another client');
      const second = await post(renew);
      assert.equal(second.status, 200);
      assert.equal(second.body.identifier, 'implicit');
      assert.notEqual(second.body.access_token, first.access_token);
      assert.equal((await post(renew)).status, 401, 'twice');
      assert.equal(await get('/v2/currencies', `Bearer ${first.access_token}`), 200, 'the earlier token lives on');
    });

    test('a JSON body works like a form', async () => {
      const reply = await open.app.inject({ method: 'POST', url: '/oauth/access_token', payload: storefront });
      assert.equal(reply.statusCode, 200);
    });

    test('both forms of the header are accepted, and concurrently requested tokens all work', async () => {
      const tokens = await Promise.all([post(server), post(server), post(server)]);
      assert.equal(new Set(tokens.map(({ body }) => body.access_token)).size, 3);
      for (const { body } of tokens) {
        assert.equal(await get('/v2/settings', `Bearer ${body.access_token}`), 200);
        assert.equal(await get('/v2/settings', `Bearer: ${body.access_token}`), 200);
      }
    });

    const refused: [string, Record<string, string>, number][] = [
      ['a wrong secret', { ...server, client_secret: 'x' }, 401],
      ['an unknown client', { ...server, client_id: 'unknown' }, 401],
      ['a revoked client', { ...server, client_id: 'revoked' }, 401],
      ['a kind that the client may not have', { ...server, client_id: 'storefront' }, 401],
      ['an unknown refresh token', { grant_type: 'refresh_token', client_id: 'storefront', refresh_token: 'x' }, 401],
      ['an unknown grant', { ...server, grant_type: 'password' }, 400],
      ['no grant', {}, 400],
      ['no secret', { grant_type: 'client_credentials', client_id: 'server' }, 400],
    ];
    for (const [name, form, expected] of refused) {
      test(`refuses ${name} with ${expected}`, async () => {
        const { status, body } = await post(form);
        assert.equal(status, expected);
        assert.equal(body.errors[0].status, expected);
        assert.equal(typeof body.errors[0].title, 'string');
      });
    }

    test('refuses a form with duplicate fields', async () => {
      const reply = await open.app.inject({
        method: 'POST',
        url: '/oauth/access_token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: 'grant_type=implicit&client_id=server&client_id=storefront',
      });
      assert.equal(reply.statusCode, 400);
      assert.equal(reply.json().errors[0].status, 400);
    });

    test('audits requested, issued and refused tokens, without secrets', async () => {
      await open.shop.db.query('truncate token_audit');
      await post(server);
      await post({ ...server, client_secret: 'wrong one' });
      const { rows } = await open.shop.db.query('select client_id, event, detail from token_audit order by id');
      assert.deepEqual(
        rows.map(({ event }) => event),
        ['token.requested', 'token.issued', 'token.requested', 'token.refused'],
      );
      assert.ok(rows.every(({ client_id }) => client_id === 'server'));
      assert.doesNotMatch(JSON.stringify(rows), new RegExp(`${secret}|wrong one`));
    });

    test('stores no token in the clear', async () => {
      const { body } = await post(storefront);
      const { rows } = await open.shop.db.query('select t::text from access_tokens t');
      assert.doesNotMatch(JSON.stringify(rows), new RegExp(`${body.access_token}|${body.refresh_token}`));
    });

    test('introspection describes a token', async () => {
      const { body } = await post(server);
      const { status, body: told } = await introspect(body.access_token);
      assert.equal(status, 200);
      assert.deepEqual(
        { ...told, scope: undefined },
        {
          active: true,
          client_id: 'server',
          identifier: 'client_credentials',
          scope: undefined,
          exp: body.expires,
          token_type: 'Bearer',
        },
      );
      assert.match(told.scope, /^carts:read carts:write catalog:read catalog:write /);
      assert.deepEqual((await introspect('unknown')).body, { active: false });
    });

    test('introspection replies only to its own client', async () => {
      for (const header of ['', 'Basic !', basic({ clientId: 'auth', clientSecret: 'guess' }), 'Bearer x']) {
        assert.equal((await introspect('any', header)).status, 401, header);
      }
    });

    test('a scope does not depend on how the permissions are read', async () => {
      const { body } = await post(storefront);
      assert.equal(
        (await introspect(body.access_token)).body.scope,
        'carts:read carts:write catalog:read payments:read payments:write sign-up:write stock:read',
      );
    });

    test('an access token expires after an hour', async () => {
      const { body } = await post(server);
      open.advance(3_601_000);
      assert.equal(await get('/v2/settings', `Bearer ${body.access_token}`), 401);
      assert.deepEqual((await introspect(body.access_token)).body, { active: false });
    });

    test('a refresh token expires after two weeks', async () => {
      const { body } = await post(storefront);
      open.advance(15 * 24 * 3_600_000);
      const renew = { grant_type: 'refresh_token', client_id: 'storefront', refresh_token: body.refresh_token };
      assert.equal((await post(renew)).status, 401);
    });
  });
}

function basic({ clientId, clientSecret }: typeof introspection): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}
