import type { Ledger, VersionRow } from '../../import/ledger.ts';
import { neverOwned, type Ownership } from '../../import/ownership.ts';
import { type Queryable, statement } from '../statement.ts';
import type { Mariadb } from './mariadb.ts';

interface OwnershipRow {
  epoch: number;
  state: Ownership['state'];
  way_back: number;
}

const readOwnership = 'select epoch, state, way_back from ownership where group_name = ?';
const reads = {
  none: statement<OwnershipRow, [string]>('kit_ownership', readOwnership),
  shared: statement<OwnershipRow, [string]>('kit_ownership_shared', `${readOwnership} lock in share mode`),
  exclusive: statement<OwnershipRow, [string]>('kit_ownership_exclusive', `${readOwnership} for update`),
};
const beginOwnership = statement<object, [string, number, string, boolean]>(
  'kit_ownership_begin',
  'insert ignore into ownership (group_name, epoch, state, way_back) values (?, ?, ?, ?)',
);
const setOwnership = statement<object, [number, string, boolean, string]>(
  'kit_ownership_set',
  'update ownership set epoch = ?, state = ?, way_back = ? where group_name = ?',
);
const nextCounter = statement<{ counter: number }>('kit_next_counter', 'select nextval(version_counter) as counter');

// A list of rows is one value: a statement with a placeholder for each is prepared anew for every length.
const rowsOf = `json_table(?, '$[*]' columns (
  aggregate_key varchar(512) path '$.key', version bigint path '$.version', deleted boolean path '$.deleted')) as incoming`;

const record = statement<object, [string, boolean, string]>(
  'kit_versions_record',
  `insert into aggregate_versions (resource, aggregate_key, version, deleted, pending)
   select ?, aggregate_key, version, deleted, ? from ${rowsOf}
   on duplicate key update
     deleted = values(deleted), pending = values(pending), version = greatest(aggregate_versions.version, values(version))`,
);
/** The assignments run from left to right, so the version is the last. */
const claim = statement<object, [string, string]>(
  'kit_versions_claim',
  `insert into aggregate_versions (resource, aggregate_key, version, deleted, pending)
   select ?, aggregate_key, version, deleted, false from ${rowsOf}
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

/** The ledger of a MariaDB store: see {@link Ledger}. */
export function mariadbLedger(db: Mariadb): Ledger<Queryable> {
  return {
    transaction: (work) => db.transaction(work),
    ownership: async (tx, group, lock) => {
      const [row] = await tx.query(reads[lock], [group]);
      if (row) return { epoch: row.epoch, state: row.state, wayBack: row.way_back === 1 };
      const { epoch, state, wayBack } = neverOwned;
      await tx.run(beginOwnership, [group, epoch, state, wayBack]);
      const [begun] = await tx.query(reads[lock], [group]);
      return begun ? { epoch: begun.epoch, state: begun.state, wayBack: begun.way_back === 1 } : neverOwned;
    },
    setOwnership: async (tx, group, { epoch, state, wayBack }) => {
      await tx.run(setOwnership, [epoch, state, wayBack, group]);
    },
    nextCounter: async (tx) => (await tx.query(nextCounter, []))[0]?.counter ?? 0,
    record: async (tx, resource, rows, isPending) => {
      await tx.run(record, [resource, isPending, json(rows)]);
    },
    claim: async (tx, resource, rows) => {
      await tx.run(claim, [resource, json(rows)]);
      return new Set((await tx.query(claimed, [json(rows), resource])).map((row) => row.aggregate_key));
    },
    pending: async (tx, resource, limit) =>
      (await tx.query(pending, [resource, limit])).map((row) => ({ ...row, deleted: row.deleted === 1 })),
    acknowledge: async (tx, resource, seen) => {
      await tx.run(acknowledge, [json(seen), resource]);
    },
    newest: async (tx, resource) => (await tx.query(newest, [resource]))[0]?.version ?? 0,
  };
}

const json = (rows: readonly (VersionRow | { key: string; version: number })[]): string => JSON.stringify(rows);
