import type { Clock } from '@banyan/kit/clock';
import { type GroupStore, mariadbWords, openGroupStore } from '@banyan/kit/groups';
import { type MariadbQueryable, openMariadb } from '@banyan/kit/mariadb';
import { mariadbLedger } from '@banyan/kit/mariadb-ledger';
import { kind } from './contract.ts';

/** The numbered SQL files of this service's database. */
const schemaFolder = new URL('../schema/', import.meta.url);

export type Store = GroupStore<MariadbQueryable>;

/** Opens the store. It connects at the first statement. */
export function openStore(url: string, maxConnections: number, onIdleError: (error: Error) => void, now: Clock): Store {
  const db = openMariadb({ url, maxConnections, onIdleError });
  return openGroupStore({ kind, db, ledger: mariadbLedger(db), words: mariadbWords, schemaFolder, now });
}
