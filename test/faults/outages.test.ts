import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { type Asked, type Outcome, startLoad } from '../support/load.ts';
import { askToken, type Platform, shiftToken, startPlatform, tokenForm } from '../support/platform.ts';
import { assertRefusal } from '../support/refusal.ts';
import { until } from '../support/until.ts';

let platform: Platform;
before(async () => {
  platform = await startPlatform('monolith');
});
after(() => platform?.stop());

/** Limit for an immediate failure on a busy machine; a token request may take 30 s. */
const atOnceMs = 10_000;

const requestsMax = 20_000;

const token = (): Asked => ({
  what: 'token',
  url: `${platform.edge}/oauth/access_token`,
  init: { method: 'POST', body: tokenForm(platform.client, 'client_credentials') },
});
const keys = (): Asked => ({ what: 'keys', url: `${platform.edge}/.well-known/jwks.json` });

const failed = (outcomes: readonly Outcome[]) => outcomes.filter(({ status }) => status !== 200);

async function opaqueToken(): Promise<string> {
  return (await askToken(platform.monolith, platform.client)).access_token;
}

test('an auth process killed under load: requests fail at once while it is down, then succeed again; the shop keeps working', async () => {
  await shiftToken(platform, 100);
  const headers = { authorization: `Bearer ${await opaqueToken()}` };
  const shop = (): Asked => ({ what: 'shop', url: `${platform.edge}/v2/currencies`, init: { headers } });
  const load = startLoad(6, requestsMax, (n) => [token, keys, shop][n % 3]!());
  try {
    await until('all is served', () => ['token', 'keys', 'shop'].every((what) => load.of(what).length >= 20));
    assert.deepEqual(failed(load.outcomes), []);

    await platform.stack.kill('auth');
    const goneMs = performance.now();
    await until(
      'the outage is told',
      () => load.of('token', goneMs).length >= 50 && load.of('keys', goneMs).length >= 50,
    );
    const refused = [...load.of('token', goneMs), ...load.of('keys', goneMs)];
    for (const { status, body, retryAfter, begunMs, endedMs } of refused) {
      assert.equal(status, 503, body);
      assertRefusal(status, body);
      assert.ok(Number(retryAfter) > 0);
      assert.ok(endedMs - begunMs < atOnceMs, `${endedMs - begunMs} ms`);
    }
    // Requests in flight: sent, and without a response.
    for (const { status, body } of failed(load.outcomes)) {
      assert.ok(status === 502 || status === 503, `${status} ${body}`);
      assertRefusal(status, body);
    }

    await platform.stack.start('auth');
    const backMs = performance.now();
    await until('all is served again', () =>
      ['token', 'keys'].every((what) => load.of(what, backMs).filter(({ status }) => status === 200).length >= 20),
    );
    await load.settled();
    const servedMs = performance.now();
    await until('it stays so', () => ['token', 'keys'].every((what) => load.of(what, servedMs).length >= 50));
    assert.deepEqual(failed([...load.of('token', servedMs), ...load.of('keys', servedMs)]), []);
  } finally {
    await load.stop();
  }
  assert.deepEqual(failed(load.of('shop')), [], 'the shop knows nothing of it');
});

test('one of two auth processes killed under load: idempotent requests never fail, and other requests fail at most once', async () => {
  await shiftToken(platform, 100);
  const line = platform.stack.commandLine('auth');
  const second: ChildProcess = spawn(line.file, line.args, {
    cwd: line.cwd,
    env: { ...line.env, PORT: '0' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const endpoints = async () => {
    const { services } = (await (await fetch(`${platform.admin}/endpoints`)).json()) as {
      services: { service: string; endpoints: { endpoint: string }[] }[];
    };
    return services.find(({ service }) => service.startsWith('auth'))?.endpoints.length ?? 0;
  };
  const clients = 6;
  const load = startLoad(clients, requestsMax, (n) => (n % 2 === 0 ? token() : keys()));
  try {
    await until('the second one has registered itself', async () => (await endpoints()) === 2);
    const twoMs = performance.now();
    await until('both are used', () => load.of('keys', twoMs).length >= 100);
    const exited = once(second, 'exit');
    second.kill('SIGKILL');
    await exited;
    const goneMs = performance.now();
    await until('its lease has expired', async () => (await endpoints()) === 1, { limitMs: 30_000 });
    await until('the other one goes on', () => load.of('token', goneMs).length >= 100);
  } finally {
    second.kill('SIGKILL');
    await load.stop();
  }
  assert.deepEqual(failed(load.of('keys')), []);
  const lost = failed(load.of('token'));
  assert.ok(lost.length <= clients, `${lost.length} tokens were not issued`);
  for (const { status, body } of lost) {
    assert.equal(status, 502, body);
    assertRefusal(status, body);
  }
});

test('the store dies mid-request, under load: clear errors, no partial writes, tokens still work, and recovery without a restart', async () => {
  await shiftToken(platform, 100);
  await askToken(platform.edge, platform.client);
  const authorization = `Bearer ${await opaqueToken()}`;
  const slugOf = (n: number) => `brand-of-the-outage-${n}`;
  let slugs = 0;
  const brand = (): Asked => ({
    what: slugOf(slugs++),
    url: `${platform.edge}/v2/brands`,
    init: {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ data: { type: 'brand', name: slugOf(slugs - 1), slug: slugOf(slugs - 1) } }),
    },
  });
  const read = (): Asked => ({
    what: 'read',
    url: `${platform.edge}/v2/currencies`,
    init: { headers: { authorization } },
  });
  const pids = () => ['monolith', 'auth', 'mesh'].map((name) => platform.stack.processes[name]?.pid);
  const before = pids();
  const load = startLoad(6, requestsMax, (n) => [brand, brand, read, token][n % 4]!());
  const written = (sinceMs = 0) =>
    load.outcomes.filter(({ what, begunMs }) => what.startsWith('brand-') && begunMs >= sinceMs);
  try {
    await until('brands are written', () => written().filter(({ status }) => status === 201).length >= 10);
    await platform.stack.kill('postgres');
    const goneMs = performance.now();
    await until('the outage is told', () =>
      [written(goneMs), load.of('read', goneMs)].every(
        (some) => some.filter(({ status }) => status === 503).length >= 10,
      ),
    );
    await platform.stack.start('postgres');
    await until('all is served again', () => {
      const last = [...written(goneMs).slice(-10), ...load.of('read', goneMs).slice(-10)];
      return last.every(({ status }) => status === 201 || status === 200);
    });
    await load.settled();
    const backMs = performance.now();
    await until('it stays so', () => written(backMs).length >= 20 && load.of('read', backMs).length >= 20);
    assert.deepEqual(failed(load.of('read', backMs)), []);
    assert.ok(written(backMs).every(({ status }) => status === 201));
  } finally {
    await load.stop();
  }
  assert.deepEqual(pids(), before, 'nothing crashed');
  assert.deepEqual(failed(load.of('token')), [], 'auth issues tokens to clients that it knows from memory');
  for (const { status, body } of [...written(), ...load.of('read')]) {
    if (status === 200 || status === 201) continue;
    assert.equal(status, 503, body);
    assertRefusal(status, body);
  }
  for (const { what: slug, status } of written()) {
    const found = await fetch(`${platform.edge}/v2/brands?filter=eq(slug,${slug})`, { headers: { authorization } });
    const { data } = (await found.json()) as { data: unknown[] };
    if (status === 201) assert.equal(data.length, 1, `${slug} got a 201 and must be there`);
    else assert.ok(data.length <= 1, `${slug} must not be there twice`);
  }
});
