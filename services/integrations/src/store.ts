import type { Micros } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { type Cause, factOf } from '@banyan/kit/facts';
import { type Moves, openMoves } from '@banyan/kit/import';
import { openPostgres, type Postgres, type Queryable } from '@banyan/kit/postgres';
import { postgresLedger } from '@banyan/kit/postgres-ledger';
import { deliveryKey, integrationKey } from './aggregate-keys.ts';
import { events } from './contract.ts';
import { type Integration, integrationEventView } from './domain.ts';
import { integrationsImport } from './import.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

/** The one resource of this service that moves, and its group. */
export const resourceName = 'integrations';

/** A transaction that writes. Whatever it changes, it says so. */
export interface Write {
  tx: Queryable;
  /** Also tells the others, once the transaction is committed. */
  integrationChanged(happened: keyof typeof events, integration: Integration, at: Micros): Promise<void>;
  deliveriesChanged(ids: readonly string[], change?: { deleted: boolean }): Promise<void>;
}

export interface Store {
  /** For statements that write nothing. */
  readonly db: Postgres;
  /**
   * Every write of integrations and deliveries happens in one. A deadlock repeats `work`.
   *
   * @param cause what the facts of the write are caused by
   * @throws ServiceError `misdirected` while another system owns them
   */
  write<Result>(work: (write: Write) => Promise<Result>, cause?: Cause): Promise<Result>;
  /** Who owns integrations and deliveries, and the way by which they move. */
  readonly moves: Moves<Queryable>;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
}

export interface StoreOptions {
  url: string;
  maxConnections: number;
  /** The platform's address as clients see it: links in facts begin with it. */
  publicUrl: string;
  now: Clock;
  onIdleError(error: Error): void;
}

/** Opens the store. It connects at the first statement. */
export function openStore({ url, maxConnections, publicUrl, now, onIdleError }: StoreOptions): Store {
  const db = openPostgres({ url, applicationName: 'integrations', maxConnections, onIdleError });
  const moves = openMoves(postgresLedger(db), [integrationsImport(now)]);
  return {
    db,
    write: (work, cause) =>
      moves.write(resourceName, (tx, changed) =>
        work({
          tx,
          integrationChanged: async (happened, integration, atUs) => {
            const { id: aggregateId } = integration;
            const deleted = happened === 'deleted';
            const version = await changed(integrationKey(aggregateId), { deleted });
            const state = deleted ? null : { data: integrationEventView(integration, publicUrl) };
            const told = { event: events[happened], aggregateId, version, state, atUs };
            await db.outbox(tx).add(factOf(told, cause));
          },
          deliveriesChanged: async (ids, change) => {
            if (ids.length > 0) await changed(ids.map(deliveryKey), change);
          },
        }),
      ),
    moves,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
  };
}
