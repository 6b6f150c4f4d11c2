import { type Moves, openMoves } from '@banyan/kit/import';
import { openSqlite, type Queryable } from '@banyan/kit/sqlite';
import { sqliteLedger } from '@banyan/kit/sqlite-ledger';
import type { Currencies } from './domain.ts';
import { currenciesImport, currenciesKey } from './import.ts';
import { readAll, writeAll } from './rows.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

export interface Store {
  all(): Promise<Currencies>;
  /**
   * Replaces the currencies by what `work` makes of them, and returns that. One change at a time: none sees the
   * currencies that another one is about to replace.
   *
   * @throws ServiceError `misdirected` while another system owns the currencies
   */
  change(work: (before: Currencies) => Currencies): Promise<Currencies>;
  /** Who owns the currencies, and the way by which they move. */
  readonly moves: Moves<Queryable>;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** @param path the database file, which one process at a time can open */
export function openStore(path: string): Store {
  const db = openSqlite({ path });
  const moves = openMoves(sqliteLedger(db), [currenciesImport]);
  return {
    all: () => readAll(db),
    change: (work) =>
      moves.write('currencies', async (tx, changed) => {
        const after = work(await readAll(tx));
        await writeAll(tx, after);
        await changed(currenciesKey);
        return after;
      }),
    moves,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}
