import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { MeshConfig, SessionPersistence } from '../config/model.ts';
import { backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, type TestMesh, testMesh, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const cookies: SessionPersistence = {
  type: 'Cookie',
  sessionName: 'mesh-shop',
  absoluteTimeoutMs: 0,
  idleTimeoutMs: 0,
  lifetimeType: 'Session',
};

/** Two services, the old one and the new one; clients without a session get `points` one after the other. */
async function canary(over: Partial<SessionPersistence> = {}, points: () => number = Math.random) {
  const old = await upstreamServer(closing, (_request, response) => response.end('old'));
  const next = await upstreamServer(closing, (_request, response) => response.end('new'));
  const config = (weights: [old: number, next: number], gone: 'new' | null = null): MeshConfig =>
    meshConfig(
      [service('old', [old.port]), service('new', gone === 'new' ? [] : [next.port])],
      [
        route('shop', [
          rule({
            backendRefs: [backendRef('old', weights[0]), backendRef('new', weights[1])],
            sessionPersistence: { ...cookies, ...over },
          }),
        ]),
      ],
    );
  const mesh = await testMesh(closing, config([50, 50]), { random: points });
  const change = async (...to: Parameters<typeof config>) => {
    mesh.documents = { config: config(...to) };
    await mesh.reload('test', 'test');
  };
  return { mesh, change };
}

/** A browser with one cookie jar. */
class Browser {
  readonly #mesh: TestMesh;
  jar = '';
  setCookies: string[] = [];

  constructor(mesh: TestMesh) {
    this.#mesh = mesh;
  }

  async ask(headers: Record<string, string> = {}): Promise<string> {
    const jar: Record<string, string> = this.jar === '' ? {} : { cookie: `other=1; ${this.jar}` };
    const response = await fetch(this.#mesh.url, { headers: { ...jar, ...headers } });
    this.setCookies = response.headers.getSetCookie();
    if (this.setCookies[0] !== undefined) this.jar = this.setCookies[0].split(';')[0] as string;
    return response.text();
  }
}

describe('a sticky split by cookie', () => {
  test('keeps every client where it is, on both sides, however the weights change', async () => {
    const { mesh, change } = await canary();
    const browsers = Array.from({ length: 40 }, () => new Browser(mesh));
    const first = await Promise.all(browsers.map((browser) => browser.ask()));
    assert.deepEqual(new Set(first), new Set(['old', 'new']));
    for (const weights of [
      [99, 1],
      [1, 99],
      [50, 50],
    ] as [number, number][]) {
      await change(weights);
      assert.deepEqual(await Promise.all(browsers.map((browser) => browser.ask())), first);
      assert.ok(browsers.every(({ setCookies }) => setCookies.length === 0));
    }
  });

  test('gives a session cookie that identifies no person and is out of reach of scripts', async () => {
    const { mesh } = await canary({}, () => 0);
    const browser = new Browser(mesh);
    const to = await browser.ask();
    const [cookie = ''] = browser.setCookies;
    assert.match(cookie, /^mesh-shop=v1\.[0-9a-z.]+; Path=\/; HttpOnly; SameSite=Lax$/);
    assert.ok(!cookie.includes(to));
  });

  test('gives a permanent cookie for as long as the session may last', async () => {
    const { mesh } = await canary({ lifetimeType: 'Permanent', absoluteTimeoutMs: 3_600_000 });
    const browser = new Browser(mesh);
    await browser.ask();
    assert.match(browser.setCookies[0] ?? '', /; Max-Age=3600; /);
  });

  test('moves the clients of a backend with weight 0 once and permanently', async () => {
    const { mesh, change } = await canary({}, () => 0);
    const [browser, other] = [new Browser(mesh), new Browser(mesh)];
    const before = await browser.ask();
    await change(before === 'new' ? [100, 0] : [0, 100]);
    const after = await browser.ask();
    assert.notEqual(after, before);
    assert.equal(browser.setCookies.length, 1);
    await change([50, 50]);
    assert.equal(await browser.ask(), after);
    assert.equal(browser.setCookies.length, 0);
    // Without a session the draw has its first result.
    assert.equal(await other.ask(), before);
  });

  test('moves the clients of a service without an instance to one that has some', async () => {
    const { mesh, change } = await canary();
    const browsers = Array.from({ length: 20 }, () => new Browser(mesh));
    await Promise.all(browsers.map((browser) => browser.ask()));
    await change([50, 50], 'new');
    assert.deepEqual(new Set(await Promise.all(browsers.map((browser) => browser.ask()))), new Set(['old']));
    await change([50, 50]);
    assert.deepEqual(new Set(await Promise.all(browsers.map((browser) => browser.ask()))), new Set(['old']));
  });

  test('accepts no cookie that no mesh has made', async () => {
    const { mesh } = await canary({}, () => 0);
    const fresh = new Browser(mesh);
    const to = await fresh.ask();
    const forged = [
      '',
      'old',
      'v1',
      `v1.zzzzzzzz.zzzzzzzz.${'0'.repeat(16)}`,
      'v1.1.1.',
      'x'.repeat(4000),
      '"',
      '%00',
      'v1.-1.0.a',
    ];
    for (const value of forged) {
      const browser = new Browser(mesh);
      browser.jar = `mesh-shop=${value}`;
      assert.equal(await browser.ask(), to, value);
      assert.equal(browser.setCookies.length, 1, value);
    }
    const many = new Browser(mesh);
    many.jar = `${Array.from({ length: 5 }, () => 'mesh-shop=bad').join('; ')}; ${fresh.jar}`;
    assert.equal(await many.ask(), to);
    assert.equal(many.setCookies.length, 0);
  });

  test('counts new, kept and moved clients', async () => {
    const { mesh, change } = await canary({}, () => 0);
    const browser = new Browser(mesh);
    const before = await browser.ask();
    await browser.ask();
    await change(before === 'new' ? [100, 0] : [0, 100]);
    const after = await browser.ask();
    const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    const count = (name: string, event: string) =>
      Number(
        new RegExp(`mesh_sessions_total\\{route="shop",service="${name}",event="${event}"\\} (\\d+)`).exec(text)?.[1],
      );
    assert.deepEqual([count(before, 'new'), count(before, 'kept'), count(after, 'moved')], [1, 1, 1]);
  });
});

describe('a sticky split by header', () => {
  test('gives a session in a header, and accepts it from there', async () => {
    const { mesh, change } = await canary({ type: 'Header', sessionName: 'x-session' }, () => 0);
    const given = await fetch(mesh.url);
    const value = given.headers.get('x-session') ?? '';
    assert.match(value, /^v1\./);
    const to = await given.text();
    await change(to === 'old' ? [1, 99] : [99, 1]);
    for (let i = 0; i < 10; i += 1) {
      const again = await fetch(mesh.url, { headers: { 'x-session': value } });
      assert.equal(await again.text(), to);
      assert.equal(again.headers.get('x-session'), null);
    }
  });

  test('divides by the hash of a name that clients choose: 10 to 20 moves only the clients that must move', async () => {
    const { mesh, change } = await canary({ type: 'Header', sessionName: 'x-user' }, () =>
      assert.fail('nothing is drawn'),
    );
    const users = Array.from({ length: 200 }, (_, i) => `user-${i}`);
    const where = async () =>
      Promise.all(
        users.map(async (user) => {
          const response = await fetch(mesh.url, { headers: { 'x-user': user } });
          assert.equal(response.headers.get('x-user'), null);
          return response.text();
        }),
      );
    await change([90, 10]);
    const before = await where();
    await change([80, 20]);
    const after = await where();
    const moved = users.filter((_, i) => before[i] !== after[i]);
    assert.ok(
      users.every((_, i) => before[i] === 'old' || after[i] === 'new'),
      'no client goes back',
    );
    assert.ok(moved.length > 5 && moved.length < 40, `${moved.length} of 200 moved`);
    await change([90, 10]);
    assert.deepEqual(await where(), before);
  });
});
