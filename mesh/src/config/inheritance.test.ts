import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { cli } from '../testing/cli.ts';
import { Closing, testMesh } from '../testing/harness.ts';
import { formatFault } from './fault.ts';
import { parseConfig } from './parse.ts';
import { serialize } from './writing/serialize.ts';

const path = new URL('../../test-documents/good/inherited-policies.yaml', import.meta.url);
const documents = readFileSync(path, 'utf8');

function parsed(text = documents) {
  const result = parseConfig([{ name: 'mesh.yaml', text }], {});
  assert.ok(result.ok, result.ok ? '' : result.faults.map(formatFault).join('\n'));
  return result;
}

const serviceOf = (name: string, { config } = parsed()) => {
  const found = config.services.find((service) => service.name === name);
  assert.ok(found !== undefined);
  return found.policy;
};
const routeOf = (name: string, { config } = parsed()) => {
  const found = config.routes.find((route) => route.name === name);
  assert.ok(found !== undefined);
  return found;
};

describe('a policy that names an object, over one that selects it by labels', () => {
  test('changes single fields of a mapping, and leaves the others as they are', () => {
    const { limits, discovery, healthCheck } = serviceOf('single');
    assert.deepEqual([limits.maxInFlight, limits.queueTimeoutMs], [256, 1000]);
    assert.deepEqual(discovery.lease, { ttlMs: 15_000, maxEndpoints: 1 });
    assert.deepEqual([healthCheck?.intervalMs, healthCheck?.expectedStatus], [2000, { from: 200, to: 299 }]);
  });

  test('replaces a list as a whole', () => {
    assert.deepEqual(serviceOf('shop').retry.methods, ['GET', 'PUT']);
    assert.deepEqual(serviceOf('single').retry.methods, ['GET']);
  });

  test('takes away what it sets to null', () => {
    assert.equal(serviceOf('shop').hedging?.percentile, 99);
    assert.equal(serviceOf('single').hedging, undefined);
    assert.equal(routeOf('shop').policy.bodyLimitBytes, 0);
  });

  test('does not reach objects with other labels', () => {
    assert.equal(serviceOf('legacy').limits.maxInFlight, 1024);
    assert.equal(serviceOf('legacy').healthCheck, undefined);
  });
});

describe('a route', () => {
  test('has the policy of its Gateway, and none if it is between services only', () => {
    assert.deepEqual(routeOf('shop').policy.override.allowFrom, ['10.0.0.1']);
    assert.deepEqual(routeOf('internal').policy.override.allowFrom, []);
    assert.equal(routeOf('internal').rules[0]?.timeouts.requestMs, 0);
  });

  test('can complete a block of which each document gives a part', () => {
    assert.deepEqual(routeOf('shop').policy.failover, {
      service: 'legacy',
      port: 80,
      methods: ['GET'],
      rules: ['reads'],
    });
  });

  test('settles the resource of its own name, unless it says otherwise', () => {
    assert.deepEqual(routeOf('shop').policy.settle?.resources, ['shop']);
    const named = documents.replace('after: {} }', 'after: {}, resources: [carts] }');
    assert.deepEqual(routeOf('shop', parsed(named)).policy.settle?.resources, ['carts']);
  });

  test('gets timeouts, retry and filters for each rule that does not state them', () => {
    const [reads, writes] = routeOf('shop').rules;
    assert.deepEqual(reads?.timeouts, { requestMs: 60_000, backendRequestMs: 10_000 });
    assert.deepEqual(reads?.retry, { codes: [502, 503, 504], attempts: 3, backoffMs: 1000 });
    assert.deepEqual(
      reads?.filters.map(({ type }) => type),
      ['ResponseHeaderModifier'],
    );
    assert.equal(writes?.timeouts.requestMs, 5000);
    assert.equal(writes?.retry, undefined);
    assert.deepEqual(writes?.filters[0], {
      type: 'ResponseHeaderModifier',
      modifier: { set: [], add: [{ name: 'x-by', value: 'shop' }], remove: [] },
    });
    assert.equal(writes?.filters.length, 2);
  });
});

test('what is written back has every policy merged, and reads the same', () => {
  const { config } = parsed();
  assert.deepEqual(parsed(serialize(config)).config, config);
});

test('the order of the documents has no meaning', () => {
  const reversed = documents.split('\n---\n').reverse().join('\n---\n');
  assert.deepEqual(parsed(reversed).config, parsed().config);
});

describe('the source of each value', () => {
  const sources = () => parsed().policies;
  const of = (kind: string, name: string) => sources().find((each) => each.kind === kind && each.name === name);
  const place = (text: string) => `mesh.yaml:${documents.slice(0, documents.indexOf(text)).split('\n').length}`;

  test('is the document that states it', () => {
    const single = of('Service', 'single');
    assert.deepEqual(
      single?.layers.map(({ policy, by }) => [policy, by]),
      [
        ['BackendTrafficPolicy/single', 'name'],
        ['BackendTrafficPolicy/own', 'labels'],
      ],
    );
    const field = (name: string) => single?.values.find((value) => value.field === name);
    assert.deepEqual(field('limits.maxInFlight'), {
      field: 'limits.maxInFlight',
      value: '256',
      policy: 'BackendTrafficPolicy/own',
      place: place('limits: { maxInFlight'),
    });
    assert.deepEqual(field('limits.queueTimeout'), {
      field: 'limits.queueTimeout',
      value: '1s',
      policy: 'BackendTrafficPolicy/single',
      place: place('limits: { queueTimeout: 1s'),
    });
    assert.equal(field('retry.methods')?.value, '[GET]');
    assert.equal(field('hedging.percentile'), undefined);
    assert.deepEqual(field('hedging'), {
      field: 'hedging',
      value: 'null',
      policy: 'BackendTrafficPolicy/single',
      place: place('hedging: null'),
    });
  });

  test('shows the name of a variable, and not its value', () => {
    const text = documents.replace('[10.0.0.1]', `["\${FROM}"]`);
    const result = parseConfig([{ name: 'mesh.yaml', text }], { FROM: '10.9.8.7' });
    assert.ok(result.ok);
    assert.match(JSON.stringify(result.policies), /\[\$\{FROM\}\]/);
    assert.doesNotMatch(JSON.stringify(result.policies), /10\.9\.8\.7/);
  });
});

describe('the commands', () => {
  let closing: Closing;
  beforeEach(() => {
    closing = new Closing();
  });
  afterEach(() => closing.close());

  const running = async () => {
    const { config, policies } = parsed();
    const [edge] = config.gateways;
    assert.ok(edge !== undefined);
    const free = { ...config, gateways: [{ ...edge, listeners: edge.listeners.map((one) => ({ ...one, port: 0 })) }] };
    const mesh = await testMesh(closing, free, { resolve: async () => ({ addresses: [] }) });
    mesh.documents = { config: free, policies };
    await mesh.reload('a test', '');
    return mesh;
  };

  test('mesh policy prints each value with its document', async () => {
    const mesh = await running();
    const { code, out } = await cli(mesh, 'policy', 'shop');
    assert.equal(code, 0);
    const lines = out.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(lines[0], ['Service shop: BackendTrafficPolicy/own (by labels)']);
    const route = lines.findIndex(([first]) => first?.startsWith('HTTPRoute shop') ?? false);
    assert.deepEqual(lines[route], [
      'HTTPRoute shop: HTTPRoutePolicy/shop (by name) over HTTPRoutePolicy/moving (by labels) over HTTPRoutePolicy/edge (by Gateway edge)',
    ]);
    const from = new Map(lines.slice(route + 2).map(([field = '', value, document]) => [field, [value, document]]));
    assert.match(String(from.get('override.allowFrom')), /^\[10\.0\.0\.1\],HTTPRoutePolicy\/edge \(mesh\.yaml:\d+\)$/);
    assert.match(String(from.get('failover.rules')), /^\[reads\],HTTPRoutePolicy\/moving/);
    assert.match(String(from.get('failover.backendRef.name')), /^legacy,HTTPRoutePolicy\/shop/);
  });

  test('mesh policy says that there is no such object, or that an object has the defaults', async () => {
    const mesh = await running();
    const missing = await cli(mesh, 'policy', 'nothing');
    assert.equal(missing.code, 1);
    assert.match(missing.err, /no Service and no HTTPRoute "nothing"/);
    assert.match((await cli(mesh, 'policy', 'legacy')).out, /legacy has no policy/);
  });

  test('mesh explain names the policies of the route and of its backends', async () => {
    const mesh = await running();
    const { out } = await cli(mesh, 'explain', 'GET', '/shop');
    assert.match(out, /HTTPRoute shop: HTTPRoutePolicy\/shop \(by name\) over /);
    assert.match(out, /Service shop: BackendTrafficPolicy\/own \(by labels\); `mesh policy shop` prints each value/);
  });
});
