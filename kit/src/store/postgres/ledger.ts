import type { Ledger } from '../../import/ledger.ts';
import { type LedgerStatements, type OwnershipRow, sqlLedger } from '../sql/ledger.ts';
import { type Queryable, statement } from '../statement.ts';
import type { Postgres } from './pool.ts';

const readOwnership = 'select epoch, state, way_back from ownership where group_name = $1';
/**
 * Reads the row behind a gate. Locks of rows have no queue: writes that follow each other share one without an end, and a
 * change of the owner would never get it. Behind the gate, an advisory lock, writes queue up after the change that waits.
 * The lock of the row then makes the statement see what was committed while it waited.
 */
const behindGate = (lock: 'pg_advisory_xact_lock_shared' | 'pg_advisory_xact_lock', row: 'share' | 'update') =>
  `with gate as materialized (select ${lock}(hashtextextended('kit ownership ' || $1, 0)))
   select epoch, state, way_back from gate, ownership where group_name = $1 for ${row} of ownership`;
const rowsOf = (value: string) =>
  `jsonb_to_recordset(${value}::jsonb) as incoming(key text, version bigint, deleted smallint)`;

const statements: LedgerStatements = {
  ownership: {
    none: statement<OwnershipRow, [string]>('kit_ownership', readOwnership),
    shared: statement<OwnershipRow, [string]>(
      'kit_ownership_shared',
      behindGate('pg_advisory_xact_lock_shared', 'share'),
    ),
    exclusive: statement<OwnershipRow, [string]>(
      'kit_ownership_exclusive',
      behindGate('pg_advisory_xact_lock', 'update'),
    ),
  },
  beginOwnership: statement(
    'kit_ownership_begin',
    'insert into ownership (group_name, epoch, state, way_back) values ($1, $2, $3, $4) on conflict do nothing',
  ),
  setOwnership: statement(
    'kit_ownership_set',
    'update ownership set epoch = $1, state = $2, way_back = $3 where group_name = $4',
  ),
  nextCounter: statement('kit_next_counter', `select nextval('version_counter') as counter`),
  record: statement(
    'kit_versions_record',
    `insert into aggregate_versions as mine (resource, aggregate_key, version, deleted, pending)
     select $1, key, version, deleted, $2 from ${rowsOf('$3')}
     on conflict (resource, aggregate_key) do update set
       deleted = excluded.deleted, pending = excluded.pending, version = greatest(mine.version, excluded.version)`,
  ),
  pending: statement(
    'kit_versions_pending',
    `select aggregate_key as key, version, deleted from aggregate_versions
     where resource = $1 and pending = 1 order by version limit $2`,
  ),
  acknowledge: statement(
    'kit_versions_acknowledge',
    `update aggregate_versions as mine set pending = 0 from ${rowsOf('$1')}
     where mine.resource = $2 and mine.aggregate_key = incoming.key and mine.version = incoming.version`,
  ),
  newest: statement(
    'kit_versions_newest',
    'select max(version) as version from aggregate_versions where resource = $1',
  ),
};

/**
 * A batch that is sent once more, byte for byte, has the versions that it had: it is applied again, which does no harm.
 * Rows are locked in the order of their keys, so that two batches cannot wait for each other.
 */
const claim = statement<{ aggregate_key: string }, [string, string]>(
  'kit_versions_claim',
  `insert into aggregate_versions as mine (resource, aggregate_key, version, deleted, pending)
   select $1, key, version, deleted, 0 from ${rowsOf('$2')} order by key
   on conflict (resource, aggregate_key) do update set
     deleted = excluded.deleted, pending = 0, version = excluded.version
   where mine.version <= excluded.version
   returning aggregate_key`,
);

/** The ledger of a PostgreSQL store: see {@link Ledger}. */
export const postgresLedger = (db: Postgres): Ledger<Queryable> =>
  sqlLedger(db, statements, (tx, resource, _rows, json) => tx.query(claim, [resource, json]));
