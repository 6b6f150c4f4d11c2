import { type Condition, microsOf, type Page, type Sort } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { ContentFolder } from '@banyan/kit/content';
import { type Cause, factOf } from '@banyan/kit/facts';
import { type Moves, openMoves } from '@banyan/kit/import';
import type { Published } from '@banyan/kit/messages';
import { openSqlite, type Queryable, statement } from '@banyan/kit/sqlite';
import { sqliteLedger } from '@banyan/kit/sqlite-ledger';
import { allOf, type FilterColumns, type Where, whereOf } from '@banyan/kit/where';
import { events } from './contract.ts';
import { type File, fileView } from './domain.ts';
import { filesImport } from './import.ts';
import { columns, fileOf, type Row, valuesOf, writtenColumns } from './rows.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

/** Fields by which files can be sorted, and their columns. */
const sortColumns = { created_at: 'created_at_us', file_name: 'filter_name_key', file_size: 'file_size' } as const;
export type SortField = keyof typeof sortColumns;
export const sortFields = Object.keys(sortColumns) as SortField[];

const filterColumns: FilterColumns = {
  id: { column: 'id' },
  file_name: { column: 'filter_name', key: 'filter_name_key' },
  public: { column: 'public' },
  width: { column: 'width' },
  height: { column: 'height' },
  file_size: { column: 'file_size' },
};

export interface Listing {
  publicOnly: boolean;
  filter: readonly Condition[];
  /** Undefined: the default order, by creation. */
  sort: Sort<SortField> | undefined;
  page: Page;
}

export interface Store {
  find(id: string, publicOnly: boolean): Promise<File | undefined>;
  /** A page of the files that match, and how many match. */
  list(listing: Listing): Promise<{ files: File[]; total: number }>;
  /** Writes a file, whose content is on the disk, and tells the others. @throws ServiceError `misdirected` */
  insert(cause: Cause, file: File): Promise<void>;
  /** Deletes a file, and tells the others. Its content stays: other files may have it. @throws ServiceError `misdirected` */
  delete(cause: Cause, id: string): Promise<boolean>;
  /** Those of the hashes that are content of a file. */
  namedAmong(hashes: readonly string[]): Promise<Set<string>>;
  /** Who owns the files, and the way by which they move. */
  readonly moves: Moves<Queryable>;
  /** The outbox. */
  readonly published: Published;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

const insertRow = statement<object, (string | number | Buffer | null)[]>(
  'files_insert',
  `insert into files (${writtenColumns}) values (${writtenColumns.replaceAll(/\w+/g, '?')})`,
);
const deleteRow = statement<{ id: string }, [string]>('files_delete', 'delete from files where id = ? returning id');
const named = statement<{ content_hash: string }, [string]>(
  'files_named',
  'select distinct content_hash from files where content_hash in (select value from json_each(?))',
);

export interface StoreOptions {
  /** The database file, which one process at a time can open. */
  path: string;
  /** Where the content is. */
  folder: ContentFolder;
  /** The platform's address as clients see it: links in facts begin with it. */
  publicUrl: string;
  now: Clock;
}

/** Opens the store at its first statement. */
export function openStore({ path, folder, publicUrl, now }: StoreOptions): Store {
  const db = openSqlite({ path });
  const moves = openMoves(sqliteLedger(db), [filesImport(folder)]);
  const select = (where: Where, tail: string, values: readonly number[] = []) =>
    db.query(statement<Row, unknown[]>('files_select', `select ${columns} from files where ${where.text} ${tail}`), [
      ...stored(where),
      ...values,
    ]);
  return {
    find: async (id, publicOnly) => {
      const [row] = await select(allOf([{ text: 'id = ?', values: [id] }, ...visible(publicOnly)]), '');
      return row && fileOf(row);
    },
    list: async ({ publicOnly, filter, sort, page }) => {
      const where = allOf([...visible(publicOnly), whereOf(filter, filterColumns)]);
      const count = statement<{ total: number }, unknown[]>(
        'files_count',
        `select count(*) as total from files where ${where.text}`,
      );
      const [counted] = await db.query(count, stored(where));
      const rows = await select(where, `${orderBy(sort)} limit ? offset ?`, [page.limit, page.offset]);
      return { files: rows.map(fileOf), total: counted?.total ?? 0 };
    },
    insert: (cause, file) =>
      moves.write('files', async (tx, changed) => {
        await tx.run(insertRow, valuesOf(file));
        const version = await changed(file.id);
        const told = {
          event: events.created,
          aggregateId: file.id,
          version,
          state: { data: fileView(file, publicUrl) },
        };
        await db.outbox(tx).add(factOf({ ...told, atUs: microsOf(now()) }, cause));
      }),
    delete: (cause, id) =>
      moves.write('files', async (tx, changed) => {
        if ((await tx.query(deleteRow, [id])).length === 0) return false;
        const version = await changed(id, { deleted: true });
        const told = { event: events.deleted, aggregateId: id, version, state: null };
        await db.outbox(tx).add(factOf({ ...told, atUs: microsOf(now()) }, cause));
        return true;
      }),
    namedAmong: async (hashes) =>
      new Set((await db.query(named, [JSON.stringify(hashes)])).map(({ content_hash }) => content_hash)),
    moves,
    published: db,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}

const visible = (publicOnly: boolean): Where[] => (publicOnly ? [{ text: 'public = 1', values: [] }] : []);

/** The engine has no truth values. */
const stored = ({ values }: Where) => values.map((value) => (typeof value === 'boolean' ? Number(value) : value));

function orderBy(sort: Sort<SortField> | undefined): string {
  if (sort === undefined) return 'order by created_at_us, id';
  const direction = sort.descending ? 'desc' : 'asc';
  return `order by ${sortColumns[sort.field]} ${direction}, id ${direction}`;
}
