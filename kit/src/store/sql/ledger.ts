import type { Ledger, VersionRow } from '../../import/ledger.ts';
import { neverOwned, type Ownership } from '../../import/ownership.ts';
import type { Queryable, Statement } from '../statement.ts';

export interface OwnershipRow {
  epoch: number | string;
  state: Ownership['state'];
  way_back: boolean | number;
}

interface PendingRow {
  key: string;
  version: number | string;
  deleted: boolean | number;
}

/**
 * A ledger's statements in the words of one engine. A list of rows is one value, as JSON: see {@link VersionRow}. `Tx` is
 * the transaction of an engine that has its own way to record versions.
 */
export interface LedgerStatements<Tx = never> {
  ownership: Record<'none' | 'shared' | 'exclusive', Statement<OwnershipRow, [string]>>;
  /** Does nothing if the group has a row. Values: group, epoch, state, way back. */
  beginOwnership: Statement<object, [string, number, string, number]>;
  /** Values: epoch, state, way back, group. */
  setOwnership: Statement<object, [number, string, number, string]>;
  nextCounter: Statement<{ counter: number | string }, []>;
  /** Values: resource, pending, rows. */
  record: Statement<object, [string, number, string]> | Ledger<Tx>['record'];
  /** Values: resource, limit. */
  pending: Statement<PendingRow, [string, number]>;
  /** Values: rows, resource. */
  acknowledge: Statement<object, [string, string]>;
  newest: Statement<{ version: number | string | null }, [string]>;
}

/**
 * A ledger of statements.
 *
 * @param claim stores versions where they are newer, and returns the keys of these
 */
export function sqlLedger<Tx extends Queryable>(
  db: { transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> },
  statements: LedgerStatements<Tx>,
  claim: (
    tx: Tx,
    resource: string,
    rows: readonly VersionRow[],
    json: string,
  ) => Promise<readonly { aggregate_key: string }[]>,
): Ledger<Tx> {
  const read = async (tx: Tx, group: string, lock: 'none' | 'shared' | 'exclusive') => {
    const [row] = await tx.query(statements.ownership[lock], [group]);
    return row && { epoch: Number(row.epoch), state: row.state, wayBack: Boolean(row.way_back) };
  };
  return {
    transaction: (work) => db.transaction(work),
    ownership: async (tx, group, lock) => {
      const there = await read(tx, group, lock);
      if (there) return there;
      const { epoch, state, wayBack } = neverOwned;
      await tx.run(statements.beginOwnership, [group, epoch, state, Number(wayBack)]);
      return (await read(tx, group, lock)) ?? neverOwned;
    },
    setOwnership: async (tx, group, { epoch, state, wayBack }) => {
      await tx.run(statements.setOwnership, [epoch, state, Number(wayBack), group]);
    },
    nextCounter: async (tx) => Number((await tx.query(statements.nextCounter, []))[0]?.counter),
    record: async (tx, resource, rows, isPending) => {
      const { record } = statements;
      if (typeof record === 'function') await record(tx, resource, rows, isPending);
      else await tx.run(record, [resource, Number(isPending), json(rows)]);
    },
    claim: async (tx, resource, rows) =>
      new Set((await claim(tx, resource, rows, json(rows))).map((row) => row.aggregate_key)),
    pending: async (tx, resource, limit) =>
      (await tx.query(statements.pending, [resource, limit])).map(({ key, version, deleted }) => ({
        key,
        version: Number(version),
        deleted: Boolean(deleted),
      })),
    acknowledge: async (tx, resource, seen) => {
      await tx.run(statements.acknowledge, [json(seen), resource]);
    },
    newest: async (tx, resource) => Number((await tx.query(statements.newest, [resource]))[0]?.version ?? 0),
  };
}

function json(rows: readonly (VersionRow | { key: string; version: number })[]): string {
  return JSON.stringify(rows.map((row) => ('deleted' in row ? { ...row, deleted: Number(row.deleted) } : row)));
}
