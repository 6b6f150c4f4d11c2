import { type Condition, microsOf, type Page, type Sort } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { Cause } from '@banyan/kit/facts';
import { type Field, type NewValues, requireUnique, type Values } from '@banyan/kit/fields';
import { type Changed, type Moves, openMoves } from '@banyan/kit/import';
import { duplicateKeyIn, type MariadbQueryable, openMariadb, type Queryable, statement } from '@banyan/kit/mariadb';
import { mariadbLedger } from '@banyan/kit/mariadb-ledger';
import type { Published } from '@banyan/kit/messages';
import { type KeptReplies, mariadbReplies } from '@banyan/kit/once';
import { allOf, type FilterColumns, type Where, whereOf } from '@banyan/kit/where';
import type { Brand } from './domain.ts';
import { BrandsError } from './errors.ts';
import { ToldChanges } from './facts.ts';
import { brandsImport } from './import.ts';
import { links, linksImport } from './links-import.ts';
import { readLinks } from './product-links.ts';
import type { ProductLinks } from './products.ts';
import { brandOf, type Row, writtenOf } from './rows.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

/** Fields by which brands can be sorted, and their columns. */
const sortColumns = {
  created_at: 'created_at_us',
  description: 'description_key',
  name: 'name_key',
  slug: 'slug_key',
  status: 'status',
  updated_at: 'updated_at_us',
} as const;
export type SortField = keyof typeof sortColumns;
export const sortFields = Object.keys(sortColumns) as SortField[];

const filterColumns: FilterColumns = {
  id: { column: 'id' },
  name: { column: 'name', key: 'name_key' },
  slug: { column: 'slug', key: 'slug_key' },
  status: { column: 'status' },
};

export interface Listing {
  liveOnly: boolean;
  filter: readonly Condition[];
  /** Undefined: the default order, by creation. */
  sort: Sort<SortField> | undefined;
  page: Page;
}

/** What a transaction may read and write. Nothing of it is visible to others before the transaction ends. */
export interface Changes {
  /** The brand, locked until the transaction ends. */
  find(id: string): Promise<Brand | undefined>;
  /** Makes other changes of parents wait until this transaction ends. Call before any brand is locked. */
  lockFamily(): Promise<void>;
  /** The ids among those given that exist. */
  existing(ids: readonly string[]): Promise<Set<string>>;
  childrenOf(id: string): Promise<string[]>;
  /** The brand's id and the ids of all brands above it. */
  lineOf(id: string): Promise<string[]>;
  /** @throws BrandsError `slug_taken` */
  insert(brand: Brand): Promise<void>;
  /** Writes all members except the parent. @throws BrandsError `slug_taken` */
  update(brand: Brand): Promise<void>;
  /**
   * Writes the values of fields of a brand.
   *
   * @param given those that this write sets: the value of a unique one must not be another brand's
   * @throws ServiceError `validation_failed`: it is
   */
  setValues(id: string, values: Values, given: NewValues, fields: readonly Field[]): Promise<void>;
  setParent(ids: readonly string[], parentId: string | null, updatedAt: number | null): Promise<void>;
  delete(id: string): Promise<void>;
  /** What was replied to requests with an `Idempotency-Key`. Each reply moves with its brand. */
  readonly replies: KeptReplies;
}

export interface Store {
  find(id: string, liveOnly: boolean): Promise<Brand | undefined>;
  /** A page of the brands that match, and how many match. */
  list(listing: Listing): Promise<{ brands: Brand[]; total: number }>;
  /** All of them, in the default order. */
  all(liveOnly: boolean): Promise<Brand[]>;
  /** Ids of children by the id of their parent, in the default order. */
  childrenOf(ids: readonly string[], liveOnly: boolean): Promise<Map<string, string[]>>;
  /** Links of brands to products, if the copy here is in step with their owner; otherwise null. */
  linksOf(ids: readonly string[], liveOnly: boolean): Promise<ProductLinks | null>;
  /** Those of the ids that exist and are visible. */
  visible(ids: readonly string[], liveOnly: boolean): Promise<Set<string>>;
  /**
   * Every write happens in one, and what has changed is told to the others. A deadlock repeats `work`.
   *
   * @param cause the request
   * @throws ServiceError `misdirected` while another system owns the brands
   */
  transaction<Result>(cause: Cause, work: (changes: Changes) => Promise<Result>): Promise<Result>;
  /** The outbox. */
  readonly published: Published;
  /** Deletes replies to keyed requests that are a day old. */
  forgetReplies(): Promise<void>;
  /** Who owns the brands, and the way by which they move. */
  readonly moves: Moves<MariadbQueryable>;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

const columns = 'id, parent_id, name, slug, description, status, created_at_us, updated_at_us, field_values';
const byCreation = 'order by created_at_us, id';

const lockFamily = statement<object>('brands_lock_family', 'select one from family_lock where one = 1 for update');
const findLocked = statement<Row, [string]>('brands_find', `select ${columns} from brands where id = ? for update`);
const childIds = statement<{ id: string }, [string]>('brands_children', 'select id from brands where parent_id = ?');
const line = statement<{ id: string }, [string]>(
  'brands_line',
  `with recursive line as (
     select id, parent_id from brands where id = ?
     union select b.id, b.parent_id from brands b join line on b.id = line.parent_id
   ) select id from line`,
);
const lockFields = statement<object>('brands_lock_fields', 'select one from field_lock where one = 1 for update');
// `concat` makes a text of the JSON that was found, which is then compared as text: the same value is always written alike.
const holder = statement<{ id: string }, [string, string, string]>(
  'brands_holder',
  "select id from brands where concat(json_extract(field_values, ?), '') = ? and id <> ? limit 1",
);
const setValues = statement<object, [string, string]>(
  'brands_set_values',
  'update brands set field_values = ? where id = ?',
);
const deleteBrand = statement<object, [string]>('brands_delete', 'delete from brands where id = ?');

/** Opens the store. It connects at the first statement. */
export function openStore(url: string, maxConnections: number, onIdleError: (error: Error) => void, now: Clock): Store {
  const db = openMariadb({ url, maxConnections, onIdleError });
  const moves = openMoves(mariadbLedger(db), [brandsImport(() => microsOf(now())), linksImport]);
  const select = (where: Where, tail: string, values: readonly number[] = []) =>
    db.query(statement<Row, unknown[]>('brands_select', `select ${columns} from brands where ${where.text} ${tail}`), [
      ...where.values,
      ...values,
    ]);
  return {
    find: async (id, liveOnly) => {
      const [row] = await select(allOf([idIn([id]), ...live(liveOnly)]), '');
      return row && brandOf(row);
    },
    list: async ({ liveOnly, filter, sort, page }) => {
      const where = allOf([...live(liveOnly), whereOf(filter, filterColumns)]);
      const count = statement<{ total: number }, unknown[]>(
        'brands_count',
        `select count(*) as total from brands where ${where.text}`,
      );
      const [[counted], rows] = await Promise.all([
        db.query(count, where.values),
        select(where, `${orderBy(sort)} limit ? offset ?`, [page.limit, page.offset]),
      ]);
      return { brands: rows.map(brandOf), total: counted?.total ?? 0 };
    },
    all: async (liveOnly) => (await select(allOf(live(liveOnly)), byCreation)).map(brandOf),
    childrenOf: async (ids, liveOnly) => {
      if (ids.length === 0) return new Map();
      const rows = await select(allOf([idIn(ids, 'parent_id'), ...live(liveOnly)]), byCreation);
      const byParent = Map.groupBy(rows, (row) => row.parent_id ?? '');
      return new Map([...byParent].map(([parentId, children]) => [parentId, children.map(({ id }) => id)]));
    },
    linksOf: async (ids, liveOnly) => (moves.isInStep(links) ? readLinks(db, ids, liveOnly) : null),
    visible: async (ids, liveOnly) => {
      if (ids.length === 0) return new Set();
      return new Set((await select(allOf([idIn(ids), ...live(liveOnly)]), '')).map(({ id }) => id));
    },
    transaction: (cause, work) =>
      moves.write('brands', async (tx, changed) => {
        const told = new ToldChanges();
        const result = await work(changesIn(tx, changed, told));
        for (const fact of await told.facts(tx, microsOf(now()), cause)) await db.outbox(tx).add(fact);
        return result;
      }),
    forgetReplies: async () => {
      while (await mariadbReplies.forget(db, microsOf(now())));
    },
    moves,
    published: db,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}

/** All writes of this service. Each says which brands it has changed. */
function changesIn(tx: Queryable, changed: Changed, told: ToldChanges): Changes {
  return {
    replies: mariadbReplies.of(tx),
    find: async (id) => {
      const [row] = await tx.query(findLocked, [id]);
      return row && brandOf(row);
    },
    lockFamily: async () => {
      await tx.query(lockFamily, []);
    },
    existing: async (ids) => {
      if (ids.length === 0) return new Set();
      const { text, values } = idIn(ids);
      const found = statement<{ id: string }, unknown[]>('brands_existing', `select id from brands where ${text}`);
      return new Set((await tx.query(found, values)).map(({ id }) => id));
    },
    childrenOf: async (id) => (await tx.query(childIds, [id])).map((row) => row.id),
    lineOf: async (id) => (await tx.query(line, [id])).map((row) => row.id),
    insert: async (brand) => {
      const row = { id: brand.id, parent_id: brand.parentId, created_at_us: brand.createdAt, ...writtenOf(brand) };
      const names = Object.keys(row);
      const text = `insert into brands (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`;
      await orTaken(tx.run(statement<object, unknown[]>('brands_insert', text), Object.values(row)));
      told.add([brand.id], 'created', await changed(brand.id));
    },
    update: async (brand) => {
      const row = writtenOf(brand);
      const text = `update brands set ${Object.keys(row)
        .map((name) => `${name} = ?`)
        .join(', ')} where id = ?`;
      await orTaken(tx.run(statement<object, unknown[]>('brands_update', text), [...Object.values(row), brand.id]));
      told.add([brand.id], 'updated', await changed(brand.id));
    },
    setParent: async (ids, parentId, updatedAt) => {
      if (ids.length === 0) return;
      const { text, values } = idIn(ids);
      const set = `update brands set parent_id = ?, updated_at_us = coalesce(?, updated_at_us) where ${text}`;
      await tx.run(statement<object, unknown[]>('brands_set_parent', set), [parentId, updatedAt, ...values]);
      told.add(ids, 'updated', await changed(ids));
    },
    setValues: async (id, values, given, fields) => {
      if (fields.some((field) => field.unique && given.has(field.id))) await tx.query(lockFields, []);
      await requireUnique(fields, given, async (field, value) => {
        return (await tx.query(holder, [`$."${field.id}"`, JSON.stringify(value), id])).length > 0;
      });
      await tx.run(setValues, [JSON.stringify(values), id]);
      told.add([id], 'updated', await changed(id));
    },
    delete: async (id) => {
      await tx.run(deleteBrand, [id]);
      told.add([id], 'deleted', await changed(id, { deleted: true }));
    },
  };
}

async function orTaken(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (duplicateKeyIn(error) !== 'brands_slug') throw error;
    throw new BrandsError('slug_taken', { detail: 'The data.slug field is already taken.', source: 'data.slug' });
  }
}

function idIn(ids: readonly string[], column = 'id'): Where {
  return { text: `${column} in (${ids.map(() => '?').join(', ')})`, values: [...ids] };
}

function live(liveOnly: boolean): Where[] {
  return liveOnly ? [{ text: 'status = ?', values: ['live'] }] : [];
}

function orderBy(sort: Sort<SortField> | undefined): string {
  if (sort === undefined) return byCreation;
  const direction = sort.descending ? 'desc' : 'asc';
  const order = [sortColumns[sort.field], 'created_at_us', 'id'].map((column) => `${column} ${direction}`);
  return `order by ${order.join(', ')}`;
}
