import type { Ledger } from '../../import/ledger.ts';
import { type LedgerStatements, type OwnershipRow, sqlLedger } from '../sql/ledger.ts';
import { type Queryable, statement } from '../statement.ts';
import type { Sqlite } from './sqlite.ts';

/** One writer at a time: a transaction has the lock from its beginning, so that no read needs one of its own. */
const readOwnership = statement<OwnershipRow, [string]>(
  'kit_ownership',
  'select epoch, state, way_back from ownership where group_name = ?',
);
const member = (name: string) => `json_extract(value, '$.${name}')`;

const statements: LedgerStatements = {
  ownership: { none: readOwnership, shared: readOwnership, exclusive: readOwnership },
  beginOwnership: statement(
    'kit_ownership_begin',
    'insert into ownership (group_name, epoch, state, way_back) values (?, ?, ?, ?) on conflict do nothing',
  ),
  setOwnership: statement(
    'kit_ownership_set',
    'update ownership set epoch = ?, state = ?, way_back = ? where group_name = ?',
  ),
  nextCounter: statement('kit_next_counter', 'update version_counter set counter = counter + 1 returning counter'),
  record: statement(
    'kit_versions_record',
    `insert into aggregate_versions (resource, aggregate_key, version, deleted, pending)
     select ?1, ${member('key')}, ${member('version')}, ${member('deleted')}, ?2 from json_each(?3) where true
     on conflict (resource, aggregate_key) do update set
       deleted = excluded.deleted, pending = excluded.pending, version = max(version, excluded.version)`,
  ),
  pending: statement(
    'kit_versions_pending',
    `select aggregate_key as key, version, deleted from aggregate_versions
     where resource = ? and pending = 1 order by version limit ?`,
  ),
  acknowledge: statement(
    'kit_versions_acknowledge',
    `update aggregate_versions set pending = 0
     from (select ${member('key')} as key, ${member('version')} as seen from json_each(?1)) as incoming
     where resource = ?2 and aggregate_key = incoming.key and version = incoming.seen`,
  ),
  newest: statement('kit_versions_newest', 'select max(version) as version from aggregate_versions where resource = ?'),
};

/** A batch that is sent once more, byte for byte, has the versions that it had: it is applied again, which does no harm. */
const claim = statement<{ aggregate_key: string }, [string, string]>(
  'kit_versions_claim',
  `insert into aggregate_versions (resource, aggregate_key, version, deleted, pending)
   select ?1, ${member('key')}, ${member('version')}, ${member('deleted')}, 0 from json_each(?2) where true
   on conflict (resource, aggregate_key) do update set
     deleted = excluded.deleted, pending = 0, version = excluded.version
   where version <= excluded.version
   returning aggregate_key`,
);

/** The ledger of a SQLite store: see {@link Ledger}. */
export const sqliteLedger = (db: Sqlite): Ledger<Queryable> =>
  sqlLedger(db, statements, (tx, resource, _rows, json) => tx.query(claim, [resource, json]));
