import type { Ledger, VersionRow } from '../../import/ledger.ts';
import { neverOwned, type Ownership } from '../../import/ownership.ts';
import { type LedgerStatements, type OwnershipRow, sqlLedger } from '../sql/ledger.ts';
import { statement } from '../statement.ts';
import type { Duckdb } from './duckdb.ts';
import { keyedTable } from './keyed-table.ts';
import type { DuckdbTransaction } from './transaction.ts';

/** Transactions take turns, so that no read needs a lock of its own. */
const readOwnership = statement<OwnershipRow, [string]>(
  'kit_ownership',
  'select epoch, state, way_back from ownership where group_name = ?',
);

const versions = {
  name: 'aggregate_versions',
  columns: { name: 'VARCHAR', resource: 'VARCHAR', version: 'BIGINT', deleted: 'BOOLEAN', pending: 'BOOLEAN' },
} as const;
/** The store's own versions only rise. */
const recorded = keyedTable<NamedVersion>({
  ...versions,
  set: { version: (given) => `greatest(known.version, ${given('version')})` },
});
/** A batch that is sent once more, byte for byte, has the versions that it had: it is applied again, which does no harm. */
const claimed = keyedTable<NamedVersion>({ ...versions, onlyIf: (given) => `known.version <= ${given('version')}` });

interface NamedVersion {
  /** See `aggregate_versions`. */
  name: string;
  resource: string;
  version: number;
  deleted: boolean;
  pending: boolean;
}

const named = (resource: string, rows: readonly VersionRow[], pending: boolean): NamedVersion[] =>
  rows.map(({ key, version, deleted }) => ({ name: `${resource}/${key}`, resource, version, deleted, pending }));
const keyIn = (resource: string, name: string): string => name.slice(resource.length + 1);

const statements: LedgerStatements<DuckdbTransaction> = {
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
  record: async (tx, resource, rows, isPending) => {
    await recorded.put(tx, named(resource, rows, isPending));
  },
  pending: statement(
    'kit_versions_pending',
    `select substr(name, length(resource) + 2) as key, version, deleted from aggregate_versions
     where resource = ? and pending order by version, name limit ?`,
  ),
  acknowledge: statement(
    'kit_versions_acknowledge',
    `update aggregate_versions set pending = false
     from (select unnest(from_json(?::json, '[{"key":"VARCHAR","version":"BIGINT"}]'), recursive := true)) as incoming
     where name = ? || '/' || incoming.key and aggregate_versions.version = incoming.version`,
  ),
  newest: statement('kit_versions_newest', 'select max(version) as version from aggregate_versions where resource = ?'),
};

/**
 * The ledger of a DuckDB store: see {@link Ledger}. One process has the file open, so it keeps what it read of the owners:
 * each write asks, and each small statement takes the engine a millisecond.
 */
export function duckdbLedger(db: Duckdb): Ledger<DuckdbTransaction> {
  const inSql = sqlLedger(db, statements, async (tx, resource, rows) => {
    const names = await claimed.put(tx, named(resource, rows, false));
    return [...names].map((name) => ({ aggregate_key: keyIn(resource, name) }));
  });
  const owners = new Map<string, Ownership>();
  /** Those that have written an owner: what they read is not committed, and never may be. */
  const unsure = new WeakSet<DuckdbTransaction>();
  return {
    ...inSql,
    ownership: async (tx, group, lock) => {
      const known = owners.get(group);
      if (known) return known;
      const read = await inSql.ownership(tx, group, lock);
      // The row of a group that never had an owner may have been made by this very transaction.
      if (read.epoch !== neverOwned.epoch && !unsure.has(tx)) owners.set(group, read);
      return read;
    },
    setOwnership: (tx, group, ownership) => {
      unsure.add(tx);
      owners.delete(group);
      return inSql.setOwnership(tx, group, ownership);
    },
  };
}
