import { statement as mariadbStatement, openMariadb } from '@banyan/kit/mariadb';
import { openPostgres, statement } from '@banyan/kit/postgres';
import type { Platform } from './platform.ts';

/** A write of brands in flight, in the store of one side. */
export interface OpenWrite {
  commit(): Promise<void>;
}

const rename = statement<object, [string, string]>('open_write', 'update brands set name = $2 where id = $1');
// As in a person's tool: no server ends it.
const staysOpen = statement<object>('open_stays', 'set local idle_in_transaction_session_timeout = 0');
// The lock that each write of a service takes first.
const share = mariadbStatement<{ epoch: number }, [string]>(
  'open_write',
  'select epoch from ownership where group_name = ? lock in share mode',
);
const renameThere = mariadbStatement<object, [string, string]>(
  'open_rename',
  'update brands set name = ? where id = ?',
);

/** Renames a brand of the side that owns them, in a transaction that stays open until `commit`. */
export async function openWrite(
  { stack }: Platform,
  owner: 'monolith' | 'service',
  brand: string,
  name: string,
): Promise<OpenWrite> {
  const { DATABASE_URL: url = '' } = stack.commandLine(owner === 'monolith' ? 'monolith' : 'brands').env;
  const opened = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const wait = () => {
    opened.resolve();
    return gate.promise;
  };
  const done = owner === 'monolith' ? inPostgres(url, [brand, name], wait) : inMariadb(url, [name, brand], wait);
  done.catch(opened.reject);
  await opened.promise;
  return {
    commit: () => {
      gate.resolve();
      return done;
    },
  };
}

async function inPostgres(url: string, values: [string, string], wait: () => Promise<void>): Promise<void> {
  const db = openPostgres({ url, applicationName: 'left open', maxConnections: 1 });
  await db.transaction(async (tx) => {
    await tx.run(staysOpen, []);
    await tx.run(rename, values);
    await wait();
  });
  await db.close();
}

async function inMariadb(url: string, values: [string, string], wait: () => Promise<void>): Promise<void> {
  const db = openMariadb({ url, maxConnections: 1 });
  await db.transaction(async (tx) => {
    await tx.query(share, ['brands']);
    await tx.run(renameThere, values);
    await wait();
  });
  await db.close();
}
