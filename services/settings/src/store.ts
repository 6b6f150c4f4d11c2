import { type Micros, microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { ServiceError } from '@banyan/kit/errors';
import { type Cause, factOf } from '@banyan/kit/facts';
import { type Moves, openMoves } from '@banyan/kit/import';
import type { Published } from '@banyan/kit/messages';
import { openSqlite, type Queryable } from '@banyan/kit/sqlite';
import { sqliteLedger } from '@banyan/kit/sqlite-ledger';
import { events } from './contract.ts';
import { firstSettings, type Settings, settingsView } from './domain.ts';
import { settingsImport, settingsKey } from './import.ts';
import { readSettings, writeSettings } from './rows.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

export interface Store {
  /** @throws ServiceError `misdirected`: they have not come from their owner yet, so the request belongs to that side */
  read(): Promise<Settings>;
  /**
   * Replaces the settings by what `work` makes of them, and returns that. One change at a time: none sees the settings
   * that another one is about to replace. The change is told to the others.
   *
   * @param cause the request
   * @param work is told when it happens
   * @throws ServiceError `misdirected` while another system owns the settings
   */
  change(cause: Cause, work: (before: Settings, at: Micros) => Settings): Promise<Settings>;
  /** Gives a new store its settings. Of that nothing is told. */
  begin(): Promise<void>;
  /** Who owns the settings, and the way by which they move. */
  readonly moves: Moves<Queryable>;
  /** The outbox. */
  readonly published: Published;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** @param path the database file, which one process at a time can open */
export function openStore(path: string, now: Clock): Store {
  const db = openSqlite({ path });
  const moves = openMoves(sqliteLedger(db), [settingsImport]);
  return {
    read: () => knownSettings(db),
    change: (cause, work) =>
      moves.write('settings', async (tx, changed) => {
        const atUs = microsOf(now());
        const after = work(await knownSettings(tx), atUs);
        await writeSettings(tx, after);
        const version = await changed(settingsKey);
        const state = { data: settingsView(after) };
        await db
          .outbox(tx)
          .add(factOf({ event: events.updated, aggregateId: settingsKey, version, state, atUs }, cause));
        return after;
      }),
    begin: () =>
      moves.write('settings', async (tx, changed) => {
        if ((await readSettings(tx)) !== null) return;
        await writeSettings(tx, firstSettings(microsOf(now())));
        await changed(settingsKey);
      }),
    moves,
    published: db,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}

async function knownSettings(db: Queryable): Promise<Settings> {
  const settings = await readSettings(db);
  if (settings !== null) return settings;
  throw new ServiceError('misdirected', { detail: 'The settings have not come from their owner yet', retryAfterS: 1 });
}
