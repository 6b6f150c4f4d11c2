import { type Statement, statement } from '../statement.ts';
import type { DuckdbTransaction } from './transaction.ts';

export type ColumnType = 'VARCHAR' | 'BIGINT' | 'BOOLEAN';
type Column<Row> = keyof Row & string;
/** SQL about a row that is there, which is called `known`, and the row that is written: `given` names a column of that. */
type About<Row> = (given: (column: Column<Row>) => string) => string;

export interface KeyedTableOptions<Row> {
  name: string;
  /** All columns, in the order of the table. The first one is the primary key, which must be one column of text. */
  columns: Readonly<Record<Column<Row>, ColumnType>>;
  /** What a column of a row that is there becomes; the given value otherwise. */
  set?: Partial<Record<Column<Row>, About<Row>>>;
  /** Which rows that are there are updated at all. */
  onlyIf?: About<Row>;
}

export interface KeyedTable<Row> {
  /**
   * Inserts rows, and updates those whose key is there. Of rows with the same key the last one is written.
   *
   * @returns the keys of the rows that were written
   */
  put(tx: DuckdbTransaction, rows: readonly Row[]): Promise<Set<string>>;
}

/** So many rows are cheaper with a statement each, which goes by the index, than with two that read the table. */
const fewRows = 4;

/**
 * Writes rows by their key. INSERT with ON CONFLICT is a join with the whole table, and RETURNING makes of an update a
 * delete and an insert of the row and of its keys: each takes several times as long as what is done here.
 */
export function keyedTable<Row extends object>(options: KeyedTableOptions<Row>): KeyedTable<Row> {
  const names = Object.keys(options.columns) as Column<Row>[];
  const { key, inspected, one, present, many } = statementsOf(options, names);
  const keyOf = (row: Row) => row[key] as string;

  /** Updates the rows that are there. Returns those that were updated, and those that are not there. */
  const update = async (tx: DuckdbTransaction, rows: readonly Row[]): Promise<{ updated: Row[]; rest: Row[] }> => {
    if (rows.length > fewRows) return updateMany(tx, rows);
    const updated: Row[] = [];
    const missed: Row[] = [];
    for (const row of rows) {
      const values = names.map((name) => row[name]);
      ((await tx.run(one, values)) > 0 ? updated : missed).push(row);
    }
    // Without a condition, whatever is there was found.
    if (options.onlyIf === undefined || missed.length === 0) return { updated, rest: missed };
    const there = await look(tx, missed);
    return { updated, rest: missed.filter((row) => !there.has(keyOf(row))) };
  };
  const updateMany = async (tx: DuckdbTransaction, rows: readonly Row[]) => {
    const there = await look(tx, rows);
    const updated = rows.filter((row) => there.get(keyOf(row))?.due);
    if (updated.length > 0) {
      const places = updated.map((row) => there.get(keyOf(row))?.place);
      await tx.run(many, [JSON.stringify(places), ...names.map((name) => inOne(updated, name))]);
    }
    return { updated, rest: rows.filter((row) => !there.has(keyOf(row))) };
  };
  /** The rows that are there: where, and whether they are to be updated. */
  const look = async (tx: DuckdbTransaction, rows: readonly Row[]) => {
    const values = inspected.map((name) => inOne(rows, name));
    const [found] = await tx.query(present, values);
    const [keys, places, due] = [found?.keys, found?.places, found?.due].map((list) => JSON.parse(list ?? '[]'));
    return new Map<string, { place: number; due: boolean }>(
      keys.map((one: string, n: number) => [one, { place: places[n], due: due[n] }]),
    );
  };

  return {
    put: async (tx, given) => {
      const rows = [...new Map(given.map((row) => [keyOf(row), row])).values()];
      if (rows.length === 0) return new Set();
      const { updated, rest } = await update(tx, rows);
      const values = rest.map((row) => names.map((name) => row[name]));
      if (values.length > 0) await tx.append(options.name, values);
      return new Set([...updated, ...rest].map(keyOf));
    },
  };
}

/** One column of rows, as JSON. The engine takes twice as long to read a list of objects. */
const inOne = <Row>(rows: readonly Row[], name: Column<Row>): string => JSON.stringify(rows.map((row) => row[name]));

/** Lists, each as JSON: one value is read many times as fast as rows of values. Null: an empty list. */
interface Found {
  keys: string | null;
  places: string | null;
  due: string | null;
}

interface Statements<Row> {
  key: Column<Row>;
  /** The columns that `present` takes. */
  inspected: readonly Column<Row>[];
  /** Updates a row. Values: its columns. */
  one: Statement<object, unknown[]>;
  /** Values: of each inspected column, those of all rows, as JSON. */
  present: Statement<Found, string[]>;
  /** Updates rows. Values: their places, then of each column those of all rows, as JSON. */
  many: Statement<object, string[]>;
}

function statementsOf<Row>(
  { name, columns, set = {}, onlyIf = () => 'true' }: KeyedTableOptions<Row>,
  names: readonly Column<Row>[],
): Statements<Row> {
  const [key] = names as [Column<Row>];
  const update = (given: (column: Column<Row>) => string) => {
    const others = names.filter((column) => column !== key);
    return `update ${name} as known set ${others.map((column) => `${column} = ${set[column]?.(given) ?? given(column)}`).join(', ')}`;
  };
  const value = (column: Column<Row>) => `$${names.indexOf(column) + 1}::${columns[column]}`;
  const member = (column: Column<Row>) => `given.${column}`;
  const list = (column: string, type: string, n: number) =>
    `unnest(from_json($${n}::json, '["${type}"]')) as ${column}`;
  const inspected = [key];
  const due = onlyIf((column) => {
    if (!inspected.includes(column)) inspected.push(column);
    return member(column);
  });
  return {
    key,
    inspected,
    // The plain value: with a cast the engine would not look into the index.
    one: statement(`kit_${name}_one`, `${update(value)} where known.${key} = $1 and ${onlyIf(value)}`),
    present: statement(
      `kit_${name}_present`,
      `select to_json(list(known.${key})) as keys, to_json(list(known.rowid)) as places, to_json(list(${due})) as due
       from ${name} as known
       join (select ${inspected.map((column, n) => list(column, columns[column], n + 1)).join(', ')}) as given
       on known.${key} = given.${key}`,
    ),
    many: statement(
      `kit_${name}_many`,
      `${update(member)}
       from (select ${list('place', 'BIGINT', 1)}, ${names.map((column, n) => list(column, columns[column], n + 2)).join(', ')}) as given
       where known.rowid = given.place`,
    ),
  };
}
