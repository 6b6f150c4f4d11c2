import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import jwt from 'jsonwebtoken';
import { IssuerKeys } from '../oauth/issuer-keys.ts';
import { bearerToken, fromJwt } from './authenticate.ts';

describe('bearerToken', () => {
  test('accepts the standard form and that of older clients', () => {
    assert.equal(bearerToken('Bearer abc'), 'abc');
    assert.equal(bearerToken('Bearer: abc'), 'abc');
    assert.equal(bearerToken('bearer   abc '), 'abc');
  });

  test('refuses other forms', () => {
    for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer a b', 'abc']) {
      assert.equal(bearerToken(header), undefined, header);
    }
  });
});

describe('tokens of another issuer', () => {
  const nowMs = Date.parse('2018-06-01T12:00:00Z');
  const nowS = nowMs / 1000;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const document = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }] };
  const now = new Date(nowMs);
  const keys = () =>
    new IssuerKeys(
      'http://auth/jwks',
      () => now,
      async () => document,
    );

  const claims = { sub: 'client', identifier: 'implicit', scope: 'catalog:read', iat: nowS, exp: nowS + 3600 };
  const sign = (payload: object, key = privateKey, options: jwt.SignOptions = {}) =>
    jwt.sign(payload, key, { algorithm: 'ES256', keyid: 'k1', ...options });
  const ask = (token: string, issuerKeys: IssuerKeys | undefined = keys()) => fromJwt(now, issuerKeys, token);
  const refuses = async (token: string, issuerKeys?: IssuerKeys) =>
    assert.equal(await ask(token, issuerKeys), undefined, token);

  test('are accepted by their signature', async () => {
    assert.deepEqual(await ask(sign(claims)), { kind: 'implicit', clientId: 'client', scope: 'catalog:read' });
  });

  test('are refused when they are expired or have no expiry', async () => {
    await refuses(sign({ ...claims, exp: nowS - 1 }));
    const { exp: _, ...endless } = claims;
    await refuses(sign(endless));
  });

  test('are refused under another key or algorithm', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    await refuses(sign(claims, other));
    await refuses(sign(claims, privateKey, { keyid: 'k2' }));
    const unsigned = `${sign(claims).split('.').slice(0, 2).join('.')}.`;
    await refuses(unsigned);
    // The public key is public: used as the secret of a symmetric signature, it must not verify.
    const pem = publicKey.export({ format: 'pem', type: 'spki' });
    const confused = jwt.sign(claims, Buffer.from(pem), { algorithm: 'HS256', keyid: 'k1' });
    await refuses(confused);
  });

  test('are refused without a kind', async () => {
    await refuses(sign({ ...claims, identifier: 'root' }));
    const { sub: _, ...nobodys } = claims;
    await refuses(sign(nobodys));
  });

  test('are refused where no issuer is configured', async () => {
    assert.equal(await fromJwt(now, undefined, sign(claims)), undefined);
  });

  test('are refused when they are not tokens at all', async () => {
    await refuses('a.b.c');
    await refuses('..');
    const part = (text: string) => Buffer.from(text).toString('base64url');
    const [head, body, signature = ''] = sign(claims).split('.');
    await refuses(`${head}.${part('no json')}.${signature}`);
    await refuses(`${part('no json')}.${body}.${signature}`);
    for (const length of [0, 1, 20, 85, 87])
      await refuses(`${head}.${body}.${signature.padEnd(90, 'A').slice(0, length)}`);
    for (const kid of ['{}', '[]', '5', 'null', '{"toString":1}']) {
      await refuses(`${part(`{"alg":"ES256","typ":"JWT","kid":${kid}}`)}.${body}.${signature}`);
    }
    for (const odd of ['null', '5', '[]', '"x"']) {
      await refuses(jwt.sign(odd, privateKey, { algorithm: 'ES256', keyid: 'k1' }));
    }
    await refuses(
      jwt.sign(JSON.stringify({ ...claims, sub: { toString: 1 } }), privateKey, { algorithm: 'ES256', keyid: 'k1' }),
    );
  });
});
