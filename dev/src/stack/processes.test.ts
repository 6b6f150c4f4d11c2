import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fixture } from '../testing.ts';
import type { Addresses } from '../topology/addresses.ts';
import { readTopology } from '../topology/read.ts';
import type { ServiceSpec } from '../topology/topology.ts';
import { commandLine, urlsOf } from './processes.ts';

const topology = readTopology(fixture('storeless.yml'), {});
const edge = topology.services.edge as ServiceSpec;
const greet = topology.services.greet as ServiceSpec;
const addresses: Addresses = {
  ports: new Map([['shop', new Map([[3000, 21_000]])]]),
  stores: new Map(),
  volumeFolder: (name) => name,
};

describe('the command line of a process', () => {
  test('runs on the Node.js of the launcher, with paths of this machine', () => {
    const { file, args } = commandLine(edge, topology, addresses, {}, {});
    assert.deepEqual([file, args], [process.execPath, [fixture('server.mjs')]]);
  });

  test("arguments replace the file's command and leave its entrypoint", () => {
    assert.deepEqual(commandLine(greet, topology, addresses, {}, {}).args, ['greet.mjs', '5']);
    assert.deepEqual(commandLine(greet, topology, addresses, {}, {}, ['a', 'shop']).args, ['greet.mjs', 'a', 'shop']);
  });

  test("nothing of the user's own settings leaks in, and overrides come last", () => {
    const variables = { PATH: '/bin', DATABASE_URL: 'postgres://production', HOST: 'elsewhere' };
    const { env } = commandLine(edge, topology, addresses, { SHOP_HOST: null, EXTRA: '1' }, variables);
    const { NODE_COMPILE_CACHE, ...rest } = env;
    assert.match(NODE_COMPILE_CACHE ?? '', /\.banyan/);
    assert.deepEqual(rest, {
      PATH: '/bin',
      HOST: '127.0.0.1',
      PORT: '8080',
      ADMIN_PORT: '9990',
      SHOP_PORT: '21000',
      EXTRA: '1',
    });
  });

  test("the topology's flags for Node.js come before the user's, and a compile cache of the user's is used", () => {
    const environment = { ...edge.environment, NODE_OPTIONS: '--max-semi-space-size=2' };
    const variables = { NODE_OPTIONS: '--inspect', NODE_COMPILE_CACHE: '/mine' };
    const { env } = commandLine({ ...edge, environment }, topology, addresses, {}, variables);
    assert.equal(env.NODE_OPTIONS, '--max-semi-space-size=2 --inspect');
    assert.equal(env.NODE_COMPILE_CACHE, '/mine');
    const overridden = commandLine({ ...edge, environment }, topology, addresses, { NODE_OPTIONS: null }, variables);
    assert.equal(overridden.env.NODE_OPTIONS, undefined);
  });

  test('URLs are named after the variables that hold their ports', () => {
    const mesh = {
      ...edge,
      name: 'mesh',
      environment: { EDGE_PORT: '8080', MESH_ADMIN_PORT: '9990', SHOP_HOST: 'shop', SHOP_PORT: '3000' },
    };
    const ports = new Map([
      [8080, 1],
      [9990, 2],
      [4140, 3],
    ]);
    assert.deepEqual(urlsOf(mesh, ports), {
      edge: 'http://127.0.0.1:1',
      admin: 'http://127.0.0.1:2',
      4140: 'http://127.0.0.1:3',
    });
  });
});
