import type { Ledger } from '../../import/ledger.ts';
import { type LedgerStatements, type OwnershipRow, sqlLedger } from '../sql/ledger.ts';
import { statement } from '../statement.ts';
import type { Duckdb, DuckdbTransaction } from './duckdb.ts';

/** Transactions take turns, so that no read needs a lock of its own. */
const readOwnership = statement<OwnershipRow, [string]>(
  'kit_ownership',
  'select epoch, state, way_back from ownership where group_name = ?',
);
/** A list of rows that comes as JSON. */
const rowsOf = (members: string) => `(select unnest(from_json(?::json, '[{${members}}]'), recursive := true))`;
const versions = rowsOf('"key":"VARCHAR","version":"BIGINT","deleted":"BIGINT"');

const statements: LedgerStatements = {
  ownership: { none: readOwnership, shared: readOwnership, exclusive: readOwnership },
  beginOwnership: statement(
    'kit_ownership_begin',
    'insert into ownership (group_name, epoch, state, way_back) values (?, ?, ?, ?::int::boolean) on conflict do nothing',
  ),
  setOwnership: statement(
    'kit_ownership_set',
    'update ownership set epoch = ?, state = ?, way_back = ?::int::boolean where group_name = ?',
  ),
  nextCounter: statement('kit_next_counter', 'update version_counter set counter = counter + 1 returning counter'),
  record: statement(
    'kit_versions_record',
    `insert into aggregate_versions as known (resource, aggregate_key, version, deleted, pending)
     select given.resource, key, version, deleted::boolean, given.pending
     from (select ? as resource, ?::int::boolean as pending) as given, ${versions}
     on conflict (resource, aggregate_key) do update set
       deleted = excluded.deleted, pending = excluded.pending, version = greatest(known.version, excluded.version)`,
  ),
  pending: statement(
    'kit_versions_pending',
    `select aggregate_key as key, version, deleted from aggregate_versions
     where resource = ? and pending order by version, aggregate_key limit ?`,
  ),
  acknowledge: statement(
    'kit_versions_acknowledge',
    `update aggregate_versions set pending = false
     from ${rowsOf('"key":"VARCHAR","version":"BIGINT"')} as incoming
     where resource = ? and aggregate_key = incoming.key and aggregate_versions.version = incoming.version`,
  ),
  newest: statement('kit_versions_newest', 'select max(version) as version from aggregate_versions where resource = ?'),
};

/** A batch that is sent once more, byte for byte, has the versions that it had: it is applied again, which does no harm. */
const claim = statement<{ aggregate_key: string }, [string, string]>(
  'kit_versions_claim',
  `insert into aggregate_versions as known (resource, aggregate_key, version, deleted, pending)
   select given.resource, key, version, deleted::boolean, false
   from (select ? as resource) as given, ${versions}
   on conflict (resource, aggregate_key) do update set
     deleted = excluded.deleted, pending = false, version = excluded.version
   where known.version <= excluded.version
   returning aggregate_key`,
);

/** The ledger of a DuckDB store: see {@link Ledger}. */
export const duckdbLedger = (db: Duckdb): Ledger<DuckdbTransaction> =>
  sqlLedger(db, statements, (tx, resource, _rows, json) => tx.query(claim, [resource, json]));
