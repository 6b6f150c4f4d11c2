import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { StackStatus } from '../stack/status.ts';
import { freshFolder } from '../testing.ts';
import { summary } from './summary.ts';
import { table } from './table.ts';

const folder = freshFolder();
const credentials = join(folder, 'clients.json');
writeFileSync(credentials, JSON.stringify({ clients: [{ client_id: 'abc123', client_secret: 'hush', name: 'Demo' }] }));
const one = { kind: 'process', state: 'ready', reason: '', pid: 10, restarts: 0, log: '' } as const;
const edge = 'http://127.0.0.1:8080';
const status: StackStatus = {
  pid: 1,
  folder,
  credentials,
  processes: {
    mesh: { ...one, url: edge, urls: { edge, admin: 'http://127.0.0.1:9990' } },
    shop: { ...one, pid: 11, restarts: 2, url: 'http://127.0.0.1:3000', urls: { main: 'http://127.0.0.1:3000' } },
    carts: { ...one, state: 'down', reason: 'needs redis: not here', pid: null, url: '', urls: {} },
  },
  stores: {
    postgres: {
      state: 'ready',
      reason: '',
      pid: 12,
      log: '',
      url: 'postgres://u:secret@127.0.0.1:5432',
      source: 'PostgreSQL 17',
      data: '/var/tmp/x',
    },
  },
};
const text = summary(status, 1_234, ['shop: port 3000 is taken, so it listens on 3009'], (pid) => pid * 1024 ** 2);

describe('the output when everything is up', () => {
  test('shows each process with its URLs, pid and memory', () => {
    assert.match(text, /^mesh +ready +http:\/\/127\.0\.0\.1:8080 +10 +10 MB +edge$/m);
    assert.match(text, /^ +http:\/\/127\.0\.0\.1:9990 +admin$/m);
    assert.match(text, /^shop .* 11 +11 MB +restarted 2 times$/m);
    assert.match(text, /together: 21 MB/);
  });

  test('shows which parts stay down, and why', () => assert.match(text, /Down:\n {2}carts: needs redis: not here/));
  test('says that routes stay on the monolith only if it runs', () => {
    const processes = { ...status.processes, monolith: { ...one, url: '', urls: {} } };
    assert.match(summary({ ...status, processes }, 1), /Down, with their routes left to the monolith:/);
  });
  test('shows taken ports before the table', () => {
    assert.match(text, /is up in 1\.2 s.*port 3000 is taken.*process +state/s);
  });
  test('shows data folders outside the checkout', () => assert.match(text, /outside of the checkout.*\/var\/tmp\/x/));
  test('shows the demo client without its secret', () => {
    assert.match(text, /client_id abc123/);
    assert.doesNotMatch(text, /hush|secret@/);
  });
  test('shows where each resource is, and why not on its service', () => {
    const place = { service: 'carts', moved: false, down: null, failure: null };
    const shown = summary(
      {
        ...status,
        places: [
          { ...place, resource: 'brands', service: 'brands', at: 'service', moved: true },
          { ...place, resource: 'carts', at: 'monolith', down: 'the carts service does not respond' },
          { ...place, resource: 'files', at: 'monolith' },
          { ...place, resource: 'flows', at: 'monolith', moved: true },
          { ...place, resource: 'jobs', service: 'jobs', at: 'split', moved: true },
          { ...place, resource: 'users', at: null, failure: 'the mesh does not respond' },
        ],
      },
      1,
    );
    assert.match(shown, /^brands +brands$/m);
    assert.match(shown, /^carts +monolith +the carts service does not respond$/m);
    assert.match(shown, /^files +monolith +it has not moved yet$/m);
    assert.match(shown, /^flows +monolith +it was put there by a shift or a switch$/m);
    assert.match(shown, /^jobs +monolith and jobs +/m);
    assert.match(shown, /^users +unknown +the mesh does not respond$/m);
    assert.doesNotMatch(text, /is on/);
  });
  test('suggests a next command', () => assert.match(text, /curl .*8080\/oauth\/access_token/));
});

test('columns are as wide as their widest cell', () => {
  assert.equal(table(['a', 'b'], [['long', 'x']]), 'a     b\n----  -\nlong  x');
});
