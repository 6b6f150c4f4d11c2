import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';

let platform: Platform;
before(async () => {
  platform = await startPlatform('monolith');
});
after(() => platform?.stop());

const secretOf = () => {
  const env = platform.stack.topology.services.auth?.environment ?? {};
  return `Basic ${Buffer.from(`${env.INTROSPECTION_CLIENT_ID}:${env.INTROSPECTION_CLIENT_SECRET}`).toString('base64')}`;
};

async function introspect(
  url: string,
  token: string,
): Promise<{ active: boolean; client_id?: string; identifier?: string }> {
  const response = await fetch(`${url}/oauth/introspect`, {
    method: 'POST',
    headers: { authorization: secretOf() },
    body: new URLSearchParams({ token }),
  });
  assert.equal(response.status, 200);
  return (await response.json()) as { active: boolean };
}

const readProducts = (url: string, authorization: string) =>
  fetch(`${url}/v2/products?page[limit]=1`, { headers: { authorization } });

describe('tokens of both kinds are valid on both sides', () => {
  for (const grant of ['implicit', 'client_credentials'] as const) {
    test(`the monolith accepts the service's JWT (${grant}), in both bearer forms`, async () => {
      const { access_token } = await askToken(platform.auth, platform.client, grant);
      for (const authorization of [`Bearer ${access_token}`, `Bearer: ${access_token}`]) {
        assert.equal((await readProducts(platform.monolith, authorization)).status, 200);
      }
    });

    test(`the service knows the monolith's opaque token (${grant})`, async () => {
      const { access_token } = await askToken(platform.monolith, platform.client, grant);
      const known = await introspect(platform.auth, access_token);
      assert.deepEqual([known.active, known.client_id, known.identifier], [true, platform.client.client_id, grant]);
    });
  }

  test('a forged JWT and an invented opaque token are rejected by both, in the format of the API', async () => {
    const { access_token } = await askToken(platform.auth, platform.client);
    const [head, , signature] = access_token.split('.');
    const claims = Buffer.from(JSON.stringify({ sub: 'me', identifier: 'client_credentials', exp: 9_999_999_999 }));
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${claims.toString('base64url')}.`;
    for (const bad of [`${head}.${claims.toString('base64url')}.${signature}`, unsigned, 'f'.repeat(40), 'a.b.c']) {
      const response = await readProducts(platform.monolith, `Bearer ${bad}`);
      assert.equal(response.status, 401, bad);
      const body = (await response.json()) as { errors: { status: number; title: string }[] };
      assert.equal(body.errors[0]?.status, 401);
      assert.deepEqual(await introspect(platform.auth, bad), { active: false });
    }
  });

  test('a wrong secret is 401 from both sides, and no response shows the secret', async () => {
    for (const url of [platform.monolith, platform.auth]) {
      const wrong = { ...platform.client, client_secret: 'wrong-secret-of-the-test' };
      const response = await fetch(`${url}/oauth/access_token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: wrong.client_id,
          client_secret: wrong.client_secret,
        }),
      });
      assert.equal(response.status, 401);
      assert.doesNotMatch(await response.text(), /wrong-secret-of-the-test/);
    }
  });
});
