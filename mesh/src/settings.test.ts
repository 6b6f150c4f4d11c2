import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { trustedPeers } from './server/trusted-peers.ts';
import { isLoopback, readSettings } from './settings.ts';

test('settings have defaults, and empty means not set', () => {
  const { settings, faults } = readSettings({ MESH_STATE: '', INTERNAL_PORT: '' });
  assert.deepEqual(faults, []);
  assert.equal(settings.internalPort, 4140);
  assert.equal(settings.adminHost, '127.0.0.1');
  assert.equal(settings.state, null);
});

test('all faults are reported at once, each with key, value and rule', () => {
  const { faults } = readSettings({
    INTERNAL_PORT: '70000',
    MESH_DRAIN_MS: '1s',
    LOG_LEVEL: 'loud',
    MESH_TRUSTED_PROXIES: '10.0.0.0/8, nonsense, 1.2.3.4/33',
    MESH_ADMIN_NAMES: 'mesh.internal, 10.0.0.1, fd00::1, mesh:9990',
  });
  assert.deepEqual(
    faults.map(({ key, value }) => [key, value]),
    [
      ['MESH_TRUSTED_PROXIES', 'nonsense'],
      ['MESH_TRUSTED_PROXIES', '1.2.3.4/33'],
      ['MESH_ADMIN_NAMES', 'mesh:9990'],
      ['INTERNAL_PORT', '70000'],
      ['LOG_LEVEL', 'loud'],
      ['MESH_DRAIN_MS', '1s'],
    ],
  );
  assert.ok(faults.every(({ rule }) => rule !== ''));
});

test('the documents are a list, separated by commas', () => {
  const listed = (MESH_DOCUMENTS: string) => readSettings({ MESH_DOCUMENTS }).settings.documents;
  assert.deepEqual(listed(''), ['mesh/platform', 'services/*/mesh.yaml']);
  assert.deepEqual(listed('documents'), ['documents']);
  assert.deepEqual(listed('a, b/*.yaml,,c:d '), ['a', 'b/*.yaml', 'c:d']);
});

test('a name that begins with 127. is no loopback address', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) assert.ok(isLoopback(host), host);
  for (const host of ['127.rebound.example', '127.0.0.1.rebound.example', '0.0.0.0'])
    assert.ok(!isLoopback(host), host);
});

test('trusted peers are addresses and blocks, of both families, however a socket writes them', () => {
  const trusts = trustedPeers(['10.0.0.0/8', '192.168.1.1', 'fd00::/8']);
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.168.1.1', 'fd12::1']) assert.ok(trusts(address), address);
  for (const address of ['11.0.0.1', '192.168.1.2', 'fe80::1', '', 'unknown']) assert.ok(!trusts(address), address);
});

test('the README has every setting with its default', () => {
  const asked = new Set<string>();
  const env = new Proxy<Record<string, string | undefined>>(
    {},
    { get: (_, key) => void asked.add(String(key)) as undefined },
  );
  readSettings(env);
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const written = new Map<string, string>();
  for (const [, names = '', defaults = ''] of readme.matchAll(/^\| ((?:`[A-Z_]+`(?:, )?)+) \|([^|]*)\|/gm)) {
    const values = [...defaults.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
    for (const [i, name] of [...names.matchAll(/`(\w+)`/g)].entries()) written.set(name[1] ?? '', values[i] ?? '');
  }
  assert.deepEqual([...written.keys()].sort(), [...asked].sort());
  const { settings } = readSettings({});
  const same = readSettings(Object.fromEntries(written));
  assert.deepEqual(same.faults, []);
  assert.deepEqual(same.settings, settings);
});
