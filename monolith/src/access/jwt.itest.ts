import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import jwt from 'jsonwebtoken';
import { caller, openTestShop, type TestShop } from '../testing/open-shop.ts';

describe('tokens that another issuer signs', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let issuer: Server;
  let issuerIsDown = true;
  let open: TestShop;

  before(async () => {
    const document = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] };
    issuer = createServer((_request, response) => {
      response.statusCode = issuerIsDown ? 502 : 200;
      response.end(JSON.stringify(document));
    });
    issuer.listen(0, '127.0.0.1');
    await once(issuer, 'listening');
    const { port } = issuer.address() as AddressInfo;
    open = await openTestShop([], { jwksUrl: `http://127.0.0.1:${port}/.well-known/jwks.json` });
  });
  after(async () => {
    await open.close();
    issuer.closeAllConnections();
    issuer.close();
  });

  const call = (identifier: string, method: string, path: string) => {
    const claims = { identifier, scope: 'catalog:read', sub: 'client', jti: '1', iss: 'http://shop.test' };
    const token = jwt.sign(claims, privateKey, { algorithm: 'ES256', keyid: 'k1', expiresIn: 3600 });
    return caller(open.app, token)(method, path);
  };

  test('are 503, not 401, until the issuer first publishes its keys', async () => {
    const { status, body } = await call('implicit', 'GET', '/v2/products');
    assert.equal(status, 503);
    assert.equal(body.errors[0].status, 503);
    assert.equal((await open.shopper('GET', '/v2/products')).status, 200, 'our own are not touched by it');
  });

  test('permit the same as our own tokens of their kind', async () => {
    issuerIsDown = false;
    assert.equal((await call('implicit', 'GET', '/v2/products')).status, 200);
    assert.equal((await call('implicit', 'GET', '/v2/settings')).status, 403);
    assert.equal((await call('client_credentials', 'GET', '/v2/settings')).status, 200);
  });

  test('stay valid while the issuer is down', async () => {
    issuerIsDown = true;
    assert.equal((await call('implicit', 'GET', '/v2/products')).status, 200);
  });
});
