import { type Micros, microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { Cause } from '@banyan/kit/facts';
import { type Moves, openMoves } from '@banyan/kit/import';
import type { Published } from '@banyan/kit/messages';
import { openSqlite, type Queryable } from '@banyan/kit/sqlite';
import { sqliteLedger } from '@banyan/kit/sqlite-ledger';
import type { Currencies } from './domain.ts';
import { factsOf } from './facts.ts';
import { currenciesImport, currenciesKey } from './import.ts';
import { readAll, writeAll } from './rows.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

export interface Store {
  all(): Promise<Currencies>;
  /**
   * Replaces the currencies by what `work` makes of them, and returns that. One change at a time: none sees the
   * currencies that another one is about to replace. What has changed is told to the others.
   *
   * @param cause the request
   * @param work is told when it happens
   * @throws ServiceError `misdirected` while another system owns the currencies
   */
  change(cause: Cause, work: (before: Currencies, at: Micros) => Currencies): Promise<Currencies>;
  /** Who owns the currencies, and the way by which they move. */
  readonly moves: Moves<Queryable>;
  /** The outbox. */
  readonly published: Published;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param path the database file, which one process at a time can open
 * @param publicUrl the platform's address as clients see it
 */
export function openStore(path: string, publicUrl: string, now: Clock): Store {
  const db = openSqlite({ path });
  const moves = openMoves(sqliteLedger(db), [currenciesImport]);
  return {
    all: () => readAll(db),
    change: (cause, work) =>
      moves.write('currencies', async (tx, changed) => {
        const before = await readAll(tx);
        const atUs = microsOf(now());
        const after = work(before, atUs);
        await writeAll(tx, after);
        const version = await changed(currenciesKey);
        for (const fact of factsOf({ before, after, version, atUs, publicUrl, cause })) await db.outbox(tx).add(fact);
        return after;
      }),
    moves,
    published: db,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}
