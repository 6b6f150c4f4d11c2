import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createConnection } from 'mariadb';
import { isAlive } from '../alive.ts';
import { freshFolder } from '../testing.ts';
import { until } from '../until.ts';
import { cannotHave, readyStore, storeStack } from './store-stack.ts';

const limitMs = 60_000;

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const { port, username, password } = new URL(url);
  const user = decodeURIComponent(username);
  const connection = await createConnection({
    host: '127.0.0.1',
    port: Number(port),
    user,
    password: decodeURIComponent(password),
  });
  try {
    return await connection.query(sql);
  } finally {
    await connection.end();
  }
}

describe('MariaDB', () => {
  test('has the settings of the Compose file, keeps its data through a kill and a new start, and stops whole', async (t) => {
    const dataDir = freshFolder();
    const variables = { MARIADB_PASSWORD: "p@ss/'word" };
    const pids: number[] = [];
    const first = await storeStack('mariadb', dataDir, variables);
    try {
      if (cannotHave(first, 'mariadb', t)) return;
      const { url, pid } = readyStore(first, 'mariadb');
      const settings = await query(
        url,
        `select @@global.character_set_server as charset, @@global.collation_server as collation, @@global.tx_isolation as isolation,
          @@global.sql_mode like '%STRICT_ALL_TABLES%' as strict, @@global.time_zone as zone, @@global.bind_address as address`,
      );
      assert.deepEqual(
        { ...settings[0], strict: Number(settings[0]?.strict) },
        {
          charset: 'utf8mb4',
          collation: 'utf8mb4_nopad_bin',
          isolation: 'READ-COMMITTED',
          strict: 1,
          zone: '+00:00',
          address: '127.0.0.1',
        },
      );
      const accounts = await query(
        url,
        `select User as user, Host as host from mysql.global_priv where user <> 'mariadb.sys' order by host`,
      );
      assert.deepEqual(
        accounts.map(({ user, host }) => `${user}@${host}`),
        ['root@%', 'root@localhost'],
      );
      await query(url, 'create database kept');
      await query(url, 'create table kept.numbers (value int) as select 5 as value');

      process.kill(pid ?? 0, 'SIGKILL');
      const again = () => {
        const now = first.status().stores.mariadb;
        return now?.state === 'ready' && now.pid !== pid;
      };
      await until(again, { limitMs, what: 'MariaDB is ready again' });
      assert.deepEqual(await query(url, 'select value from kept.numbers'), [{ value: 5 }]);
      pids.push(pid ?? 0, readyStore(first, 'mariadb').pid ?? 0);
    } finally {
      await first.stop();
    }
    assert.deepEqual(pids.filter(isAlive), []);

    const second = await storeStack('mariadb', dataDir, variables);
    try {
      assert.deepEqual(await query(readyStore(second, 'mariadb').url, 'select value from kept.numbers'), [
        { value: 5 },
      ]);
    } finally {
      await second.stop();
    }

    const third = await storeStack('mariadb', dataDir, { MARIADB_PASSWORD: 'another' });
    try {
      assert.match(third.status().stores.mariadb?.reason ?? '', /refuses the password/);
    } finally {
      await third.stop();
    }
  });

  test('that cannot be had stays down and says how to get it', async () => {
    const stack = await storeStack('mariadb', freshFolder(), { BANYAN_MARIADB: 'debian', PATH: '/nowhere' });
    try {
      const { state, reason } = stack.status().stores.mariadb ?? {};
      assert.equal(state, 'down');
      assert.match(reason ?? '', /no MariaDB server: set MARIADB_URL .*apt-get install mariadb-server/);
    } finally {
      await stack.stop();
    }
  });

  test('of a URL is asked first, and its password stands in no reason', async (t) => {
    const dataDir = freshFolder();
    const owner = await storeStack('mariadb', dataDir);
    try {
      if (cannotHave(owner, 'mariadb', t)) return;
      const url = readyStore(owner, 'mariadb').url;
      const reasonOf = async (given: string) => {
        const stack = await storeStack('mariadb', freshFolder(), { MARIADB_URL: given });
        const { state, reason, source } = stack.status().stores.mariadb ?? {};
        await stack.stop();
        return state === 'ready' ? source : reason;
      };
      assert.equal(await reasonOf(url), 'MARIADB_URL');
      const wrong = (await reasonOf(url.replace(/:[^:@]*@/, ':wr0ng@'))) ?? '';
      assert.match(wrong, /^MARIADB_URL \(127\.0\.0\.1:\d+\): .*Access denied.*; correct MARIADB_URL, or unset it/);
      assert.doesNotMatch(wrong, /wr0ng/);
      assert.match((await reasonOf('127.0.0.1')) ?? '', /^MARIADB_URL is no URL/);
    } finally {
      await owner.stop();
    }
  });
});
