import { type Changed, type Moves, openMoves } from '@banyan/kit/import';
import { openPostgres, type Postgres, type Queryable } from '@banyan/kit/postgres';
import { postgresLedger } from '@banyan/kit/postgres-ledger';
import { deliveryKey, integrationKey } from './aggregate-keys.ts';
import { integrationsImport } from './import.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

/** The one resource of this service that moves, and its group. */
export const resourceName = 'integrations';

/** A transaction that writes. Whatever it changes, it says so. */
export interface Write {
  tx: Queryable;
  integrationChanged(id: string, change?: { deleted: boolean }): ReturnType<Changed>;
  deliveriesChanged(ids: readonly string[], change?: { deleted: boolean }): Promise<void>;
}

export interface Store {
  /** For statements that write nothing. */
  readonly db: Postgres;
  /**
   * Every write of integrations and deliveries happens in one. A deadlock repeats `work`.
   *
   * @throws ServiceError `misdirected` while another system owns them
   */
  write<Result>(work: (write: Write) => Promise<Result>): Promise<Result>;
  /** Who owns integrations and deliveries, and the way by which they move. */
  readonly moves: Moves<Queryable>;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
}

/** Opens the store. It connects at the first statement. */
export function openStore(url: string, maxConnections: number, onIdleError: (error: Error) => void): Store {
  const db = openPostgres({ url, applicationName: 'integrations', maxConnections, onIdleError });
  const moves = openMoves(postgresLedger(db), [integrationsImport]);
  return {
    db,
    write: (work) =>
      moves.write(resourceName, (tx, changed) =>
        work({
          tx,
          integrationChanged: (id, change) => changed(integrationKey(id), change),
          deliveriesChanged: async (ids, change) => {
            if (ids.length > 0) await changed(ids.map(deliveryKey), change);
          },
        }),
      ),
    moves,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
  };
}
