import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { askToken, type Platform, shiftToken, startPlatform, tokenForm } from '../support/platform.ts';
import { until } from '../support/until.ts';

let platform: Platform;
before(async () => {
  platform = await startPlatform();
});
after(() => platform?.stop());

interface ErrorBody {
  errors: { status: number; title: string; detail?: string }[];
}

/** A refusal must be one that every version of the client can read, and tell nothing of our insides. */
async function refusal(response: Response): Promise<ErrorBody> {
  const text = await response.text();
  const body = JSON.parse(text) as ErrorBody;
  assert.equal(body.errors[0]?.status, response.status, text);
  assert.ok(body.errors[0]?.title, text);
  assert.doesNotMatch(text, /node_modules|\.ts:\d+|at \w+ \(|SELECT |postgres:\/\//i, 'no insides in an answer');
  return body;
}

const post = (path: string, body: string | Buffer, contentType: string) =>
  fetch(platform.edge + path, { method: 'POST', headers: { 'content-type': contentType }, body });

for (const [side, weight] of [
  ['the monolith', 0],
  ['the auth service', 100],
] as const) {
  describe(`bad token requests, answered by ${side}`, () => {
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
    test('a content type that nobody reads is 415', async () => {
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
      const response = await post('/oauth/access_token', 'grant_type=implicit&client_id=nobody', form);
      assert.equal(response.status, 401);
      await refusal(response);
    });
  });
}

test('a path that does not exist yet is 404 in the form of the API', async () => {
  const { access_token } = await askToken(platform.edge, platform.client);
  const response = await fetch(`${platform.edge}/v2/promotions`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  assert.equal(response.status, 404);
  await refusal(response);
});

test('an auth process killed under load: requests fail with an error while it is gone, and recover by themselves', async () => {
  await shiftToken(platform, 100);
  const seen: number[] = [];
  let asking = true;
  const client = (async () => {
    while (asking) {
      const response = await fetch(`${platform.edge}/oauth/access_token`, {
        method: 'POST',
        body: tokenForm(platform.client, 'client_credentials'),
      });
      if (!response.ok) await refusal(response);
      else await response.arrayBuffer();
      seen.push(response.status);
    }
  })();
  try {
    await until('tokens are issued', () => seen.includes(200));
    await platform.stack.kill('auth');
    await until('the outage is told', () => seen.slice(-5).every((status) => status === 503 || status === 502));
    const shop = await fetch(`${platform.edge}/v2/currencies`, {
      headers: { authorization: `Bearer ${(await askToken(platform.monolith, platform.client)).access_token}` },
    });
    assert.equal(shop.status, 200, 'the rest of the shop goes on');
    await platform.stack.start('auth');
    const from = seen.length;
    await until(
      'tokens are issued again',
      () => seen.length > from + 20 && seen.slice(-20).every((status) => status === 200),
    );
  } finally {
    asking = false;
    await client;
  }
  assert.deepEqual(
    [...new Set(seen)].filter((status) => ![200, 502, 503].includes(status)),
    [],
  );
});

test('the store dies mid-request: a clear error, nothing half-written, and recovery without a restart', async () => {
  await shiftToken(platform, 0);
  const { access_token } = await askToken(platform.edge, platform.client);
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
  const brand = (slug: string) =>
    fetch(`${platform.edge}/v2/brands`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ data: { type: 'brand', name: slug, slug } }),
    });
  const monolithPid = platform.stack.processes.monolith!.pid;
  const answered = new Map<string, number>();
  let asking = true;
  const writer = (async () => {
    for (let n = 0; asking; n += 1) {
      const slug = `brand-of-the-outage-${n}`;
      const response = await brand(slug);
      if (response.ok) await response.arrayBuffer();
      else await refusal(response);
      answered.set(slug, response.status);
    }
  })();
  try {
    await until('brands are written', () => [...answered.values()].includes(201));
    await platform.stack.kill('postgres');
    await until('the outage is told', () => [...answered.values()].at(-1) === 503);
    await platform.stack.start('postgres');
    await until('brands are written again', () => [...answered.values()].slice(-5).every((status) => status === 201));
  } finally {
    asking = false;
    await writer;
  }
  assert.equal(platform.stack.processes.monolith!.pid, monolithPid, 'the monolith did not crash');
  assert.deepEqual(
    [...new Set(answered.values())].filter((status) => status !== 201 && status !== 503),
    [],
  );
  for (const [slug, status] of answered) {
    const found = await fetch(`${platform.edge}/v2/brands?filter=eq(slug,${slug})`, { headers });
    const { data } = (await found.json()) as { data: unknown[] };
    if (status === 201) assert.equal(data.length, 1, `${slug} was answered 201 and must be there`);
    else assert.ok(data.length <= 1, `${slug} must not be there twice`);
  }
});
