import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import jwt from 'jsonwebtoken';
import {
  createTestDatabase,
  type FakeMesh,
  fakeMesh,
  type Instance,
  importRows,
  startInstance,
  type TestDatabase,
  testClient,
  until,
} from './testing.ts';

const path = '/oauth/access_token';
const json = { 'content-type': 'application/json' };

describe('the auth service', () => {
  let database: TestDatabase;
  let mesh: FakeMesh;
  let auth: Instance;
  const client = testClient();
  const storefront = testClient({ identifier_kinds: ['implicit'] });
  const revoked = testClient({ revoked_at: '2021-01-01T00:00:00Z' });

  before(async () => {
    database = await createTestDatabase();
    mesh = await fakeMesh();
    auth = await startInstance(database.url, { MESH_URL: mesh.url, ISSUER: 'http://issuer.test' });
    await auth.service.ready;
    await importRows(database, [client.row, storefront.row, revoked.row]);
  });
  after(async () => {
    await auth.close();
    mesh.close();
    await database.drop();
  });

  const secretHash = async () => {
    const [row] = await database.query<{ secret_hash: string }>('select secret_hash from clients where id = $1', [
      client.row.id,
    ]);
    return row?.secret_hash ?? '';
  };

  describe('issues a token', () => {
    test('that the published keys verify', async () => {
      const { status, headers, body } = await auth.token(client);
      assert.equal(status, 200);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('access-control-allow-origin'), '*');
      const nowS = Math.floor(Date.now() / 1_000);
      assert.deepEqual([body.token_type, body.expires_in, body.identifier], ['Bearer', 3_600, 'client_credentials']);
      assert.ok(Number.isInteger(body.expires) && Math.abs(body.expires - nowS - 3_600) < 60);

      const { keys } = (await auth.get('/.well-known/jwks.json')).body;
      const kid = jwt.decode(body.access_token, { complete: true })?.header.kid;
      const key = keys.find((one) => one.kid === kid);
      assert.ok(key && key.d === undefined, 'published, without its private part');
      const claims = jwt.verify(body.access_token, createPublicKey({ key, format: 'jwk' }), { algorithms: ['ES256'] });
      assert.ok(typeof claims === 'object');
      assert.deepEqual(
        [claims.iss, claims.sub, claims.exp],
        ['http://issuer.test', client.row.client_id, body.expires],
      );
      assert.equal(claims.identifier, 'client_credentials');
    });

    test('for forms and for JSON, for client_credentials and for implicit', async () => {
      const { client_id } = client.row;
      const grant = { grant_type: 'client_credentials', client_id, client_secret: client.secret };
      assert.equal((await auth.post(path, JSON.stringify(grant), json)).body.identifier, 'client_credentials');
      assert.equal((await auth.post(path, { grant_type: 'implicit', client_id })).body.identifier, 'implicit');
    });

    test('that differs each time, and all of them are valid', async () => {
      const tokens = await Promise.all([auth.token(client), auth.token(client), auth.token(client)]);
      assert.equal(new Set(tokens.map(({ body }) => body.access_token)).size, 3);
      for (const { body } of tokens) assert.equal((await auth.introspect(body.access_token)).body.active, true);
    });
  });

  describe('refuses', () => {
    const good = { grant_type: 'client_credentials', client_id: client.row.client_id, client_secret: client.secret };
    for (const [what, body, headers, status, title] of [
      ['a wrong secret', { ...good, client_secret: 'f'.repeat(40) }, {}, 401, 'Unauthorized'],
      ['an unknown client', { ...good, client_id: 'unknown' }, {}, 401, 'Unauthorized'],
      [
        'a revoked client',
        { ...good, client_id: revoked.row.client_id, client_secret: revoked.secret },
        {},
        401,
        'Unauthorized',
      ],
      [
        'a grant that the client may not use',
        { ...good, client_id: storefront.row.client_id, client_secret: storefront.secret },
        {},
        401,
        'Unauthorized',
      ],
      ['an unknown grant', { ...good, grant_type: 'password' }, {}, 400, 'unsupported_grant_type'],
      ['a missing grant', {}, {}, 400, 'invalid_request'],
      ['a missing secret', { grant_type: 'client_credentials', client_id: 'x' }, {}, 400, 'invalid_request'],
      ['malformed JSON', '{"grant_type":', json, 400, 'Bad Request'],
      ['JSON that is not an object', '[1]', json, 400, 'invalid_request'],
      ['an empty body', '', json, 400, 'invalid_request'],
      ['another content type', '<a/>', { 'content-type': 'text/xml' }, 415, 'Unsupported Media Type'],
      ['an oversize body', `{"grant_type":"${'x'.repeat(20_000)}"}`, json, 413, 'Payload Too Large'],
    ] as const) {
      test(`${what} with ${status}`, async () => {
        const response = await auth.post(path, body, headers);
        assert.equal(response.status, status);
        assert.deepEqual([response.body.errors[0]?.status, response.body.errors[0]?.title], [status, title]);
      });
    }

    test('unknown clients and wrong secrets with the same response', async () => {
      const [a, b] = await Promise.all([auth.token(client, 'f'.repeat(40)), auth.token(testClient())]);
      assert.deepEqual(a.body, b.body);
    });
  });

  test('writes no secret and no token to its log', async () => {
    const { body } = await auth.token(client);
    await auth.token(client, 'e'.repeat(40));
    await auth.get(`${path}?client_secret=${client.secret}`);
    await auth.introspect(body.access_token);
    const log = auth.lines.join('');
    assert.ok(auth.lines.length > 0);
    for (const secret of [
      client.secret,
      'e'.repeat(40),
      body.access_token,
      'a-test-secret',
      new URL(database.url).password,
    ]) {
      assert.ok(!log.includes(secret));
    }
  });

  describe('secrets', () => {
    test('are hashed slowly until they are first used, and fast from then on', async () => {
      await auth.token(client);
      await until('the upgrade to be stored', async () => (await secretHash()).startsWith('$sha256$'));
      assert.equal((await auth.token(client)).status, 200);
      assert.equal((await auth.token(client, 'f'.repeat(40))).status, 401);
    });

    test('that changed at the source are accepted at once, and the old ones are refused', async () => {
      const changed = testClient({ ...client.row, updated_at: '2022-01-01T00:00:00Z' });
      changed.row.secret_hash = testClient({}, changed.secret).row.secret_hash;
      await importRows(database, [changed.row]);
      await until(
        'the new secret to be accepted',
        async () => (await auth.token(client, changed.secret)).status === 200,
      );
      assert.equal((await auth.token(client)).status, 401);
      client.secret = changed.secret;
      client.row = changed.row;
    });
  });

  test('a revoked client is refused as soon as the revocation is announced', async () => {
    const victim = testClient();
    await importRows(database, [victim.row]);
    await until('the client to be known', async () => (await auth.token(victim)).status === 200);
    const { body } = await auth.token(victim);
    const revocation = { ...victim.row, updated_at: '2023-01-01T00:00:00Z', revoked_at: '2023-01-01T00:00:00Z' };
    await importRows(database, [revocation]);
    await until('the refusal', async () => (await auth.token(victim)).status === 401);
    assert.deepEqual((await auth.introspect(body.access_token)).body, { active: false });
  });

  describe('introspection', () => {
    test('describes a token that the service has issued', async () => {
      const { body } = await auth.token(client);
      const response = await auth.introspect(body.access_token);
      assert.equal(response.status, 200);
      const { active, client_id, identifier, exp, token_type } = response.body;
      assert.deepEqual([active, client_id, token_type], [true, client.row.client_id, 'Bearer']);
      assert.deepEqual([identifier, exp], ['client_credentials', body.expires]);
    });

    test('reports forged, foreign and damaged tokens as not active', async () => {
      const { access_token } = (await auth.token(client)).body;
      const [head, , signature] = access_token.split('.');
      const claims = Buffer.from(JSON.stringify({ sub: 'root', exp: 9e9, iss: 'http://issuer.test' })).toString(
        'base64url',
      );
      const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${claims}.`;
      for (const token of [
        `${head}.${claims}.${signature}`,
        none,
        'a.b.c',
        '..',
        `${access_token}x`,
        'x'.repeat(9_000),
      ]) {
        assert.deepEqual((await auth.introspect(token)).body, { active: false }, token.slice(0, 50));
      }
    });

    test('requires credentials and a token', async () => {
      const response = await auth.post('/oauth/introspect', { token: 'x' });
      assert.equal(response.status, 401);
      assert.match(response.headers.get('www-authenticate') ?? '', /^Basic /);
      assert.equal(response.body.errors[0]?.status, 401);
      assert.equal((await auth.introspect('')).status, 400);
    });

    test("introspects the monolith's tokens through the mesh and caches the reply", async () => {
      const token = 'c'.repeat(40);
      const exp = Math.floor(Date.now() / 1_000) + 600;
      const body = { active: true, client_id: 'm', identifier: 'implicit', scope: 'x', exp, token_type: 'Bearer' };
      mesh.reply = { status: 200, body };
      mesh.requests.length = 0;
      assert.deepEqual((await auth.introspect(token)).body, body);
      assert.deepEqual((await auth.introspect(token)).body, body);
      assert.equal(mesh.requests.length, 1);
      assert.deepEqual([mesh.requests[0]?.host, mesh.requests[0]?.path], ['monolith', '/oauth/introspect']);
    });

    test('responds with 502 when the reply of the monolith is unusable', async () => {
      mesh.reply = { status: 500, body: {} };
      const response = await auth.introspect('d'.repeat(40));
      assert.equal(response.status, 502);
      assert.equal(response.body.errors[0]?.status, 502);
    });
  });

  describe("the monolith's refresh tokens", () => {
    const grant = { grant_type: 'refresh_token', client_id: 'c', refresh_token: 'r&s' };

    test('are redeemed by the monolith', async () => {
      const expires = Math.floor(Date.now() / 1_000) + 3_600;
      const token = {
        access_token: 'f'.repeat(40),
        token_type: 'Bearer',
        expires_in: 3_600,
        expires,
        identifier: 'implicit',
      };
      mesh.reply = { status: 200, body: { ...token, refresh_token: 'next' } };
      mesh.requests.length = 0;
      const response = await auth.post(path, grant, { 'idempotency-key': '"once"' });
      assert.deepEqual(response.body, { ...token, refresh_token: 'next' });
      assert.equal(mesh.requests[0]?.headers['idempotency-key'], '"once"');
      assert.deepEqual([mesh.requests[0]?.host, mesh.requests[0]?.path], ['monolith', path]);
      assert.equal(mesh.requests[0]?.body, new URLSearchParams(grant).toString());
    });

    test('are refused when the monolith refuses them', async () => {
      mesh.reply = { status: 401, body: { errors: [] } };
      const { status, body } = await auth.post(path, grant);
      assert.equal(status, 401);
      assert.match(JSON.stringify(body), /The refresh token is not valid/);
    });
  });

  test('responds to the preflight of a browser', async () => {
    const response = await fetch(auth.service.url + path, {
      method: 'OPTIONS',
      headers: { origin: 'http://shop.test', 'access-control-request-headers': 'x-moltin-sdk-language' },
    });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('access-control-allow-headers'), 'x-moltin-sdk-language');
  });

  test('counts tokens issued and refused', async () => {
    const text = await (await fetch(`${auth.service.url}/metrics`)).text();
    assert.match(text, /auth_tokens_issued_total\{identifier="client_credentials"\} [1-9]/);
    assert.match(text, /auth_tokens_refused_total\{code="invalid_client"\} [1-9]/);
    assert.match(text, /auth_secrets_upgraded_total [1-9]/);
  });
});
