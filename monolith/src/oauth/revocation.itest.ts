import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import jwt from 'jsonwebtoken';
import { caller, openTestShop, type TestShop } from '../testing/open-shop.ts';
import { hashSecret } from './secret-hash.ts';

const secret = '5'.repeat(40);
const basic = `Basic ${Buffer.from('auth:let me ask').toString('base64')}`;

describe('a client that is revoked', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let issuer: Server;
  let open: TestShop;

  before(async () => {
    const document = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] };
    issuer = createServer((_request, response) => response.end(JSON.stringify(document)));
    issuer.listen(0, '127.0.0.1');
    await once(issuer, 'listening');
    open = await openTestShop([], {
      jwksUrl: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/`,
      introspection: { clientId: 'auth', clientSecret: 'let me ask' },
    });
  });
  after(async () => {
    await open.close();
    issuer.closeAllConnections();
    issuer.close();
  });

  const addClient = async (clientId: string) => {
    const hash = await hashSecret(secret, undefined, { logN: 4, r: 8, p: 1 });
    await open.shop.db.query(
      `insert into api_clients (name, client_id, secret_hash, identifier_kinds)
       values ($1, $1, $2, '{implicit,client_credentials}')`,
      [clientId, hash],
    );
  };
  const post = async (url: string, form: Record<string, string>, authorization = '') => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization };
    const payload = new URLSearchParams(form).toString();
    return (await open.app.inject({ method: 'POST', url, headers, payload })).json();
  };
  const ask = (form: Record<string, string>) => post('/oauth/access_token', form);
  const tokenOf = (client_id: string) =>
    ask({ grant_type: 'client_credentials', client_id, client_secret: secret }).then((body) => body.access_token);
  const jwtOf = (sub: string) =>
    jwt.sign({ identifier: 'client_credentials', scope: '', sub }, privateKey, {
      algorithm: 'ES256',
      keyid: 'k1',
      expiresIn: 3600,
    });
  const status = async (token: string) => (await caller(open.app, token)('GET', '/v2/settings')).status;
  const active = async (token: string) => (await post('/oauth/introspect', { token }, basic)).active;
  const change = (set: string, clientId: string) =>
    open.shop.db.query(`update api_clients set ${set} where client_id = $1`, [clientId]);

  test('loses its tokens at once, of both kinds, in the API and in introspection', async () => {
    await addClient('partner');
    const token = await tokenOf('partner');
    // A token with a lifetime of years, as support once issued them.
    await open.shop.db.query("update access_tokens set expires_at = '2038-01-19' where client_id = 'partner'");
    assert.deepEqual([await status(token), await status(jwtOf('partner')), await active(token)], [200, 200, true]);
    await change('revoked_at = now()', 'partner');
    assert.deepEqual([await status(token), await status(jwtOf('partner')), await active(token)], [401, 401, false]);
    const { errors } = await ask({ grant_type: 'client_credentials', client_id: 'partner', client_secret: secret });
    assert.equal(errors[0].status, 401);
  });

  test('cannot renew with a refresh token', async () => {
    await addClient('storefront');
    const { refresh_token } = await ask({ grant_type: 'implicit', client_id: 'storefront' });
    await change('revoked_at = now()', 'storefront');
    const { errors } = await ask({ grant_type: 'refresh_token', client_id: 'storefront', refresh_token });
    assert.equal(errors[0].status, 401);
  });

  test('does not affect other clients, and a deleted client counts as revoked', async () => {
    await addClient('one');
    await addClient('other');
    const [one, other] = [await tokenOf('one'), await tokenOf('other')];
    await open.shop.db.query("delete from api_clients where client_id = 'one'");
    assert.deepEqual([await status(one), await active(one), await status(other)], [401, false, 200]);
    assert.equal(await status(jwtOf('known to the other issuer only')), 200);
  });

  test('loses its tokens of a kind that it may no longer have', async () => {
    await addClient('narrowed');
    const token = await tokenOf('narrowed');
    await change("identifier_kinds = '{implicit}'", 'narrowed');
    assert.deepEqual([await status(token), await active(token)], [401, false]);
  });
});
