import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { askToken, type Platform, shiftToken, startPlatform } from '../support/platform.ts';
import { assertRefusal } from '../support/refusal.ts';

let platform: Platform;
before(async () => {
  platform = await startPlatform('monolith');
});
after(() => platform?.stop());

const refusal = async (response: Response) => assertRefusal(response.status, await response.text());

const post = (path: string, body: string | Buffer, contentType: string) =>
  fetch(platform.edge + path, { method: 'POST', headers: { 'content-type': contentType }, body });

for (const [side, weight] of [
  ['the monolith', 0],
  ['the auth service', 100],
] as const) {
  describe(`bad token requests, replied to by ${side}`, () => {
    beforeEach(() => shiftToken(platform, weight));
    const form = 'application/x-www-form-urlencoded';

    test('an unknown grant is 400', async () => {
      const response = await post('/oauth/access_token', 'grant_type=guess&client_id=x', form);
      assert.equal(response.status, 400);
      await refusal(response);
    });
    test('no grant at all is 400', async () => {
      const response = await post('/oauth/access_token', '', form);
      assert.equal(response.status, 400);
      await refusal(response);
    });
    test('malformed JSON is 400', async () => {
      const response = await post('/oauth/access_token', '{"grant_type": undefined,', 'application/json');
      assert.equal(response.status, 400);
      await refusal(response);
    });
    test('an unsupported content type is 415', async () => {
      const response = await post('/oauth/access_token', '<grant/>', 'text/xml');
      assert.equal(response.status, 415);
      await refusal(response);
    });
    test('an oversize body is 413', async () => {
      const response = await post('/oauth/access_token', `client_id=${'x'.repeat(2 << 20)}`, form);
      assert.equal(response.status, 413);
      await refusal(response);
    });
    test('an unknown client is 401', async () => {
      const response = await post('/oauth/access_token', 'grant_type=implicit&client_id=unknown', form);
      assert.equal(response.status, 401);
      await refusal(response);
    });
  });
}

test('an unknown path is 404 in the format of the API', async () => {
  const { access_token } = await askToken(platform.edge, platform.client);
  const response = await fetch(`${platform.edge}/v2/nothing-of-the-kind`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  assert.equal(response.status, 404);
  await refusal(response);
});
