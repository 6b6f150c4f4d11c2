import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { connectedMariadb } from '../connected-mariadb.ts';
import { freshFolder } from '../testing.ts';
import { cannotHave, readyStore, storeStack } from './store-stack.ts';

test('a store that the machine cannot have otherwise runs in a container, and keeps its data', async (t) => {
  const dataDir = freshFolder();
  const variables = { BANYAN_MARIADB: 'docker' };
  const first = await storeStack('mariadb', dataDir, variables);
  try {
    if (cannotHave(first, 'mariadb', t)) return;
    const { url, source } = readyStore(first, 'mariadb');
    const [volume = ''] = source.match(/banyan-\S+$/) ?? [];
    t.after(() => execFileSync('docker', ['volume', 'rm', volume]));
    assert.match(source, /^mariadb:[\d.]+ in a container, data in the volume banyan-/);
    await connectedMariadb(url, (connection) => connection.query('create database kept'));
  } finally {
    await first.stop();
  }
  const second = await storeStack('mariadb', dataDir, variables);
  try {
    const { url } = readyStore(second, 'mariadb');
    const names = await connectedMariadb(url, (connection) => connection.query("show databases like 'kept'"));
    assert.equal(names.length, 1);
  } finally {
    await second.stop();
  }
});
