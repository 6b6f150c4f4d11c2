import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fixture } from '../testing.ts';
import { type Addresses, rewriteEnvironment, rewriteText } from './addresses.ts';
import { readTopology } from './read.ts';
import type { ServiceSpec } from './topology.ts';

const topology = readTopology(fixture('docker-compose.yml'), {});
const edge = topology.services.edge as ServiceSpec;
const addresses: Addresses = {
  ports: new Map([
    ['shop', new Map([[3000, 21_000]])],
    [
      'edge',
      new Map([
        [8080, 28_080],
        [9990, 29_990],
      ]),
    ],
  ]),
  stores: new Map([['postgres', 'postgres://me:s%40fe@10.0.0.5:6543']]),
  volumeFolder: (name) => `/volumes/${name}`,
};
const text = (value: string, service = edge) => rewriteText(value, service, topology, addresses);
const environment = (values: Record<string, string>) =>
  rewriteEnvironment({ ...edge, environment: values }, topology, addresses);

describe('addresses outside of containers', () => {
  test('the ports and neighbors of a process', () => {
    assert.deepEqual(rewriteEnvironment(edge, topology, addresses), {
      HOST: '127.0.0.1',
      PORT: '28080',
      ADMIN_PORT: '29990',
      SHOP_HOST: '127.0.0.1',
      SHOP_PORT: '21000',
      SHOP_URL: 'http://127.0.0.1:21000/v2',
    });
  });

  test("a store's URL takes user, password, host and port of the one that runs, and keeps its database", () => {
    assert.equal(text('postgres://banyan:x@postgres:5432/shop?a=b'), 'postgres://me:s%40fe@10.0.0.5:6543/shop?a=b');
    assert.deepEqual(environment({ DB_HOST: 'postgres', DB_PORT: '5432' }), { DB_HOST: '10.0.0.5', DB_PORT: '6543' });
  });

  test("a broker's URL keeps the virtual host of the one that runs", () => {
    const brokers = { ...addresses, stores: new Map([['postgres', 'amqp://me:x@10.0.0.5:5673/shops']]) };
    assert.equal(rewriteText('amqp://a:b@postgres:5672', edge, topology, brokers), 'amqp://me:x@10.0.0.5:5673/shops');
  });

  test('lists of addresses, with and without a scheme', () => {
    assert.equal(text('shop:3000,http://edge:8080'), '127.0.0.1:21000,http://127.0.0.1:28080');
  });

  test('a published port of localhost follows the service that publishes it', () => {
    assert.equal(text('http://localhost:8080'), 'http://localhost:28080');
    assert.equal(text('http://localhost:7777'), 'http://localhost:7777');
  });

  test('unknown host names stay unchanged', () => {
    for (const value of [
      'http://example.org:3000/shop',
      'http://shop.example.org:3000',
      'shop',
      'eshop:3000',
      'a@shop.de',
      '12:30',
    ]) {
      assert.equal(text(value), value);
    }
    assert.deepEqual(environment({ AUDIENCE: 'shop', REPORT: '5', HOST: 'example.org' }), {
      AUDIENCE: 'shop',
      REPORT: '5',
      HOST: 'example.org',
    });
  });

  test('a word in arguments stays unchanged, even if it is the name of a service', () => {
    assert.equal(text('shop'), 'shop');
    assert.equal(text('shop:shop_copy'), 'shop:shop_copy');
  });

  test('settings differ outside of containers', () => {
    const local = { ...edge, environment: { TOKEN: 'needed', KEEP: '1' }, localEnvironment: { TOKEN: '' } };
    assert.deepEqual(rewriteEnvironment(local, topology, addresses), { TOKEN: '', KEEP: '1' });
  });

  test('paths in volumes and in the image', () => {
    const seed = topology.services.seed as ServiceSpec;
    assert.equal(text('/var/lib/fixture/clients.json', seed), '/volumes/credentials/clients.json');
    assert.equal(text('/app/server.mjs'), fixture('server.mjs'));
    assert.equal(text('/application'), '/application');
  });
});
