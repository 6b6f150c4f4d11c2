import type { Ledger } from '../../import/ledger.ts';
import { type LedgerStatements, type OwnershipRow, sqlLedger } from '../sql/ledger.ts';
import { statement } from '../statement.ts';
import type { Mariadb } from './mariadb.ts';
import type { MariadbQueryable } from './run.ts';

const readOwnership = 'select epoch, state, way_back from ownership where group_name = ?';
const ownership = {
  none: statement<OwnershipRow, [string]>('kit_ownership', readOwnership),
  shared: statement<OwnershipRow, [string]>('kit_ownership_shared', `${readOwnership} lock in share mode`),
  exclusive: statement<OwnershipRow, [string]>('kit_ownership_exclusive', `${readOwnership} for update`),
};
const beginOwnership = statement<object, [string, number, string, number]>(
  'kit_ownership_begin',
  'insert ignore into ownership (group_name, epoch, state, way_back) values (?, ?, ?, ?)',
);
const setOwnership = statement<object, [number, string, number, string]>(
  'kit_ownership_set',
  'update ownership set epoch = ?, state = ?, way_back = ? where group_name = ?',
);
const nextCounter = statement<{ counter: number }>('kit_next_counter', 'select nextval(version_counter) as counter');

// A list of rows is one value: a statement with a placeholder for each is prepared anew for every length.
const rowsOf = `json_table(?, '$[*]' columns (
  aggregate_key varchar(512) path '$.key', version bigint path '$.version', deleted tinyint path '$.deleted')) as incoming`;

const record = statement<object, [string, number, string]>(
  'kit_versions_record',
  `insert into aggregate_versions (resource, aggregate_key, version, deleted, pending)
   select ?, aggregate_key, version, deleted, ? from ${rowsOf}
   on duplicate key update
     deleted = values(deleted), pending = values(pending), version = greatest(aggregate_versions.version, values(version))`,
);
/** The assignments run from left to right, so the version is the last. */
const claim = statement<object, [string, string, number, boolean]>(
  'kit_versions_claim',
  `insert into aggregate_versions (resource, aggregate_key, version, deleted, pending)
   values (?, ?, ?, ?, false)
   on duplicate key update
     deleted = if(values(version) > aggregate_versions.version, values(deleted), aggregate_versions.deleted),
     pending = if(values(version) > aggregate_versions.version, false, pending),
     version = greatest(aggregate_versions.version, values(version))`,
);
/** A batch that is sent once more, byte for byte, has the versions that it had: it is applied again, which does no harm. */
const claimed = statement<{ aggregate_key: string }, [string, string]>(
  'kit_versions_claimed',
  `select mine.aggregate_key from ${rowsOf}
   straight_join aggregate_versions as mine
     on mine.resource = ? and mine.aggregate_key = incoming.aggregate_key and mine.version = incoming.version`,
);
const pending = statement<{ key: string; version: number; deleted: number }, [string, number]>(
  'kit_versions_pending',
  `select aggregate_key as \`key\`, version, deleted from aggregate_versions
   where resource = ? and pending order by version limit ?`,
);
const acknowledge = statement<object, [string, string]>(
  'kit_versions_acknowledge',
  `update aggregate_versions as mine join ${rowsOf}
     on mine.aggregate_key = incoming.aggregate_key and mine.version = incoming.version
   set mine.pending = false where mine.resource = ?`,
);
const newest = statement<{ version: number | null }, [string]>(
  'kit_versions_newest',
  'select max(version) as version from aggregate_versions where resource = ?',
);

const statements: LedgerStatements = {
  ownership,
  beginOwnership,
  setOwnership,
  nextCounter,
  record,
  pending,
  acknowledge,
  newest,
};

/** The ledger of a MariaDB store: see {@link Ledger}. */
export const mariadbLedger = (db: Mariadb): Ledger<MariadbQueryable> =>
  sqlLedger(db, statements, async (tx, resource, rows, json) => {
    await tx.runMany(
      claim,
      rows.map(({ key, version, deleted }) => [resource, key, version, deleted]),
    );
    return tx.query(claimed, [json, resource]);
  });
