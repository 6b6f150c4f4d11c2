import type { Clock } from '@banyan/kit/clock';
import { type GroupStore, openGroupStore, sqliteWords } from '@banyan/kit/groups';
import { openSqlite, type Queryable } from '@banyan/kit/sqlite';
import { sqliteLedger } from '@banyan/kit/sqlite-ledger';
import { kind } from './contract.ts';

/** The numbered SQL files of this service's database. */
const schemaFolder = new URL('../schema/', import.meta.url);

export type Store = GroupStore<Queryable>;

/**
 * Opens the store at the first statement.
 *
 * @param path the database file, which one process at a time can open
 */
export function openStore(path: string, now: Clock): Store {
  const db = openSqlite({ path });
  return openGroupStore({ kind, db, ledger: sqliteLedger(db), words: sqliteWords, schemaFolder, now });
}
