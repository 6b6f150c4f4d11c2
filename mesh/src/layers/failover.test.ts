import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Explanation } from '../admin/explain.ts';
import type { FailoverPolicy, HttpRouteRule, SessionPersistence } from '../config/model.ts';
import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import { healthOf } from '../discovery/health.ts';
import { backendPolicy, backendRef, meshConfig, route, routePolicy, rule, service } from '../testing/config.ts';
import { Closing, type TestMesh, testMesh, until, upstreamServer } from '../testing/harness.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const { timeouts } = backendPolicy();
const toOld: FailoverPolicy = { service: 'old', port: 80, methods: ['GET'] };

interface Setting {
  /** Ports of the canary; none = no endpoint. */
  canary: number[];
  canaryPolicy?: Partial<BackendTrafficPolicy>;
  failover?: FailoverPolicy | null;
  rule?: Partial<HttpRouteRule>;
  old?: RequestListener;
}

/** Everything goes to the canary; `old` is the backend that could reply instead. */
async function before(setting: Setting) {
  const { canary, canaryPolicy = {}, failover = toOld, old = (_request, response) => response.end('old') } = setting;
  const server = await upstreamServer(closing, old);
  const config = (ports: number[]) =>
    meshConfig(
      [service('old', [server.port]), service('new', ports, canaryPolicy)],
      [
        route('shop', [rule({ backendRefs: [backendRef('old', 0), backendRef('new', 1)], ...setting.rule })], {
          policy: routePolicy({ override: { allowFrom: ['127.0.0.1'] }, ...(failover === null ? {} : { failover }) }),
        }),
      ],
    );
  const mesh = await testMesh(closing, config(canary));
  const ask = async (method = 'GET', headers: Record<string, string> = {}) => {
    const response = await fetch(mesh.url, { method, headers });
    return `${response.status} ${(await response.text()).slice(0, 3)}`;
  };
  const change = async (ports: number[]) => {
    mesh.documents = { config: config(ports) };
    await mesh.reload('a test', 'other endpoints');
  };
  return { mesh, ask, change };
}

const canaryServer = async () => (await upstreamServer(closing, (_request, response) => response.end('new'))).port;
const lastReason = (mesh: TestMesh) => mesh.log.requests().at(-1)?.reason;

async function counted({ adminUrl }: TestMesh): Promise<string[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('mesh_failovers_total'));
}

describe('a backend without an endpoint', () => {
  test('is replaced by the failover, for the methods that it names', async () => {
    const { mesh, ask, change } = await before({ canary: [] });
    assert.equal(await ask(), '200 old');
    assert.match(await ask('POST'), /^503/);
    assert.equal(lastReason(mesh), 'no_endpoint');
    assert.deepEqual(await counted(mesh), [
      'mesh_failovers_total{route="shop",service="new",instead="old",reason="no_endpoint"} 1',
    ]);
    await change([await canaryServer()]);
    assert.equal(await ask(), '200 new');
  });

  test('stays a 503 where the route has no failover', async () => {
    const { mesh, ask } = await before({ canary: [], failover: null });
    assert.match(await ask(), /^503/);
    assert.equal(lastReason(mesh), 'no_endpoint');
  });

  test('stays a 503 for rules that the failover does not name', async () => {
    const { ask } = await before({ canary: [], failover: { ...toOld, rules: ['reads'] }, rule: { name: 'writes' } });
    assert.match(await ask(), /^503/);
    const named = await before({ canary: [], failover: { ...toOld, rules: ['reads'] }, rule: { name: 'reads' } });
    assert.equal(await named.ask(), '200 old');
  });

  test('can be replaced by a service that is no backend of the rule', async () => {
    const { ask } = await before({ canary: [], rule: { backendRefs: [backendRef('new')] } });
    assert.equal(await ask(), '200 old');
  });

  test('that an override names is not replaced', async () => {
    const { mesh, ask } = await before({
      canary: [],
      rule: { backendRefs: [backendRef('old', 1), backendRef('new', 0)] },
    });
    assert.equal(await ask(), '200 old');
    assert.match(await ask('GET', { 'x-mesh-override': 'old=new' }), /^503/);
    assert.equal(lastReason(mesh), 'no_endpoint');
  });
});

describe('a backend whose endpoints are all unhealthy', () => {
  test('is replaced until one is healthy, whatever panic would do', async () => {
    const { mesh, ask } = await before({ canary: [await canaryServer()] });
    const [endpoint] = mesh.registry.find('new', 80)?.endpoints ?? [];
    assert.ok(endpoint !== undefined);
    healthOf(endpoint).set('unhealthy', '503');
    assert.equal(await ask(), '200 old');
    assert.equal(await ask('POST'), '200 new', 'without failover, panic uses all endpoints');
    healthOf(endpoint).set('healthy', '200');
    assert.equal(await ask(), '200 new');
    assert.match((await counted(mesh)).join(), /reason="none_healthy"} 1/);
  });

  test('keeps its requests where the failover is no better', async () => {
    const { mesh, ask } = await before({ canary: [await canaryServer()] });
    for (const name of ['old', 'new']) {
      for (const endpoint of mesh.registry.find(name, 80)?.endpoints ?? []) healthOf(endpoint).set('unhealthy', '503');
    }
    assert.equal(await ask(), '200 new');
  });
});

describe('a backend that cannot be reached, before health checks notice', () => {
  const set = [{ name: 'x-canary', value: 'yes' }];
  const marked: Partial<HttpRouteRule> = {
    backendRefs: [
      backendRef('old', 0),
      { ...backendRef('new'), filters: [{ type: 'RequestHeaderModifier', modifier: { set, add: [], remove: [] } }] },
    ],
  };

  test('is replaced: the request goes out as it was before the filters of the first backend', async () => {
    const old: RequestListener = (request, response) => response.end(request.headers['x-canary'] ?? 'old');
    const { mesh, ask } = await before({ canary: [await quietPort()], rule: marked, old });
    assert.equal(await ask(), '200 old');
    assert.match((await counted(mesh)).join(), /reason="not_reached"} 1/);
    assert.match(await ask('POST'), /^503/);
    assert.equal(lastReason(mesh), 'connect_failed');
  });

  test('is not replaced if the request may have been sent', async () => {
    const { port } = await upstreamServer(closing, (request) => request.socket.destroy());
    const { mesh, ask } = await before({ canary: [port] });
    assert.match(await ask(), /^502/);
    assert.deepEqual(await counted(mesh), []);
  });

  test('mirrors get one copy only', async () => {
    let copies = 0;
    const shadow = await upstreamServer(closing, (_request, response) => {
      copies += 1;
      response.end();
    });
    const old = await upstreamServer(closing, (_request, response) => response.end('old'));
    const mirror = { service: 'shadow', port: 80, numerator: 1, denominator: 1 };
    const rules = [rule({ backendRefs: [backendRef('new')], filters: [{ type: 'RequestMirror', mirror }] })];
    const services = [
      service('old', [old.port]),
      service('new', [await quietPort()], { timeouts: { ...timeouts, connectMs: 500 } }),
      service('shadow', [shadow.port]),
    ];
    const policy = routePolicy({ failover: toOld });
    const mesh = await testMesh(closing, meshConfig(services, [route('shop', rules, { policy })]));
    assert.equal(await (await fetch(mesh.url)).text(), 'old');
    const shadows = async () => (await (await fetch(`${mesh.adminUrl}/shadows`)).text()).split('"outcome"').length - 1;
    await until(async () => (await shadows()) === 1, 'the copy has been compared');
    assert.equal(copies, 1);
  });
});

describe('sessions', () => {
  const sessionPersistence: SessionPersistence = {
    type: 'Cookie',
    sessionName: 'shop',
    absoluteTimeoutMs: 0,
    idleTimeoutMs: 0,
    lifetimeType: 'Session',
  };

  test('a client of the failing backend comes back to it; a new client stays with the backend that has replied', async () => {
    const server = await upstreamServer(closing, (_request, response) => response.end('old'));
    const rules = [rule({ backendRefs: [backendRef('old'), backendRef('new')], sessionPersistence })];
    const config = meshConfig(
      [service('old', [server.port]), service('new', [await canaryServer()])],
      [route('shop', rules, { policy: routePolicy({ failover: toOld }) })],
    );
    // The backend that is not the first has the first half.
    const mesh = await testMesh(closing, config, { random: () => 0 });
    const ask = async (cookie?: string) => {
      const response = await fetch(mesh.url, cookie === undefined ? {} : { headers: { cookie } });
      return { who: await response.text(), cookie: response.headers.getSetCookie()[0]?.split(';')[0] };
    };
    const kept = await ask();
    assert.equal(kept.who, 'new');
    const [endpoint] = mesh.registry.find('new', 80)?.endpoints ?? [];
    assert.ok(endpoint !== undefined);
    healthOf(endpoint).set('unhealthy', '503');
    assert.deepEqual(await ask(kept.cookie), { who: 'old', cookie: undefined });
    const fresh = await ask();
    assert.equal(fresh.who, 'old');
    healthOf(endpoint).set('healthy', '200');
    assert.equal((await ask(kept.cookie)).who, 'new');
    assert.equal((await ask(fresh.cookie)).who, 'old');
  });
});

test('the explanation of a request names the failover backend, and says that it is in use now', async () => {
  const { mesh, change } = await before({ canary: [] });
  const note = async (query = '') => {
    const response = await fetch(`${mesh.adminUrl}/explain?path=/${query}`);
    return ((await response.json()) as Explanation).route?.notes.at(-1);
  };
  const says = 'failover: old replies for a backend without a healthy endpoint, GET only';
  assert.equal(await note(), `${says}; now: new has no endpoint`);
  assert.equal(await note('&method=POST'), `${says} (not this one: POST); now: new has no endpoint`);
  await change([await canaryServer()]);
  assert.equal(await note(), says);
});
