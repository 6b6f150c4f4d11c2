import { type Condition, microsOf, type Page, type Sort } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { ServiceError } from '@banyan/kit/errors';
import type { Cause } from '@banyan/kit/facts';
import { type Moves, openMoves } from '@banyan/kit/import';
import { type MariadbQueryable, openMariadb, statement } from '@banyan/kit/mariadb';
import { mariadbLedger } from '@banyan/kit/mariadb-ledger';
import type { Published } from '@banyan/kit/messages';
import { mariadbReplies } from '@banyan/kit/once';
import { allOf, type FilterColumns, type Where, whereOf } from '@banyan/kit/where';
import { type Changes, changesIn } from './changes.ts';
import type { Address, Customer } from './domain.ts';
import { type Shown, ToldChanges } from './facts.ts';
import { customersImport } from './import.ts';
import { type AddressRow, addressColumns, addressOf, type CustomerRow, customerColumns, customerOf } from './rows.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

/** Fields by which customers can be sorted, and their columns. */
const sortColumns = {
  created_at: 'created_at_us',
  email: 'email_key',
  name: 'name_key',
  updated_at: 'updated_at_us',
} as const;
export type SortField = keyof typeof sortColumns;
export const sortFields = Object.keys(sortColumns) as SortField[];

const filterColumns: FilterColumns = {
  id: { column: 'id' },
  name: { column: 'name', key: 'name_key' },
  email: { column: 'email', key: 'email_key' },
  created_at: { column: 'created_at_us' },
  updated_at: { column: 'updated_at_us' },
};

export interface Listing {
  /** Only this one. Undefined: all. */
  customerId: string | undefined;
  filter: readonly Condition[];
  /** Undefined: the default order, by creation. */
  sort: Sort<SortField> | undefined;
  page: Page;
}

export interface Store {
  find(id: string): Promise<Customer | undefined>;
  /** Whose e-mail address it is, whatever the case of A to Z. */
  findByEmail(emailKey: Buffer): Promise<Customer | undefined>;
  /** A page of the customers that match, and how many match. */
  list(listing: Listing): Promise<{ customers: Customer[]; total: number }>;
  /** Those of the ids, in lower case, that are of customers, or of addresses. */
  existing(table: 'customers' | 'addresses', ids: readonly string[]): Promise<string[]>;
  /** In the default order. */
  addressesOf(customerId: string): Promise<Address[]>;
  /** Addresses of all customers, in the default order. */
  listAddresses(page: Page): Promise<{ addresses: Address[]; total: number }>;
  findAddress(id: string): Promise<Address | undefined>;
  /** The key of customer tokens; null before the migration has brought it. */
  tokenKey(): Promise<Buffer | null>;
  /** Keeps a key of customer tokens, unless there is one. */
  makeTokenKey(key: Buffer): Promise<void>;
  /**
   * Every write happens in one, and what has changed is told to the others. A deadlock repeats `work`.
   *
   * @param cause the request
   * @param shown how the facts show it
   * @throws ServiceError `misdirected` while another system owns the customers
   */
  transaction<Result>(cause: Cause, shown: Shown, work: (changes: Changes) => Promise<Result>): Promise<Result>;
  /** For work that is dear and comes before the write. @throws ServiceError `misdirected` as `transaction` */
  requireOwner(): Promise<void>;
  /** The outbox. */
  readonly published: Published;
  /** Deletes replies to keyed requests that are a day old. */
  forgetReplies(): Promise<void>;
  /** Who owns the customers, and the way by which they move. */
  readonly moves: Moves<MariadbQueryable>;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

const byCreation = 'order by created_at_us, id';

const byId = statement<CustomerRow, [string]>(
  'customers_find',
  `select ${customerColumns} from customers where id = ?`,
);
const byEmail = statement<CustomerRow, [Buffer]>(
  'customers_by_email',
  `select ${customerColumns} from customers where email_held = ?`,
);
const addressById = statement<AddressRow, [string]>(
  'addresses_find',
  `select ${addressColumns} from addresses where id = ?`,
);
const ofCustomer = statement<AddressRow, [string]>(
  'addresses_of_customer',
  `select ${addressColumns} from addresses where customer_id = ? ${byCreation}`,
);
const pageOfAddresses = statement<AddressRow, [number, number]>(
  'addresses_page',
  `select ${addressColumns} from addresses ${byCreation} limit ? offset ?`,
);
const countAddresses = statement<{ total: number }>('addresses_count', 'select count(*) as total from addresses');
const readKey = statement<{ signing_key: Buffer }>('customers_token_key', 'select signing_key from token_key');
const makeKey = statement<object, [Buffer]>(
  'customers_make_token_key',
  'insert ignore into token_key (one, signing_key) values (1, ?)',
);

/** Opens the store. It connects at the first statement. */
export function openStore(url: string, maxConnections: number, onIdleError: (error: Error) => void, now: Clock): Store {
  const db = openMariadb({ url, maxConnections, onIdleError });
  const moves = openMoves(mariadbLedger(db), [customersImport(() => microsOf(now()))]);
  return {
    find: async (id) => {
      const [row] = await db.query(byId, [id]);
      return row && customerOf(row);
    },
    findByEmail: async (emailKey) => {
      const [row] = await db.query(byEmail, [emailKey]);
      return row && customerOf(row);
    },
    list: async ({ customerId, filter, sort, page }) => {
      const own = customerId === undefined ? [] : [{ text: 'id = ?', values: [customerId] }];
      const where = allOf([...own, whereOf(filter, filterColumns)]);
      const [[counted], rows] = await Promise.all([
        db.query(statement<{ total: number }, unknown[]>('customers_count', countOf(where)), where.values),
        db.query(statement<CustomerRow, unknown[]>('customers_list', `${listOf(where, sort)} limit ? offset ?`), [
          ...where.values,
          ...[page.limit, page.offset],
        ]),
      ]);
      return { customers: rows.map(customerOf), total: counted?.total ?? 0 };
    },
    existing: async (table, ids) => {
      if (ids.length === 0) return [];
      const text = `select id from ${table} where id in (${ids.map(() => '?').join(', ')}) order by id`;
      return (await db.query(statement<{ id: string }, unknown[]>(`${table}_existing`, text), [...ids])).map(
        ({ id }) => id,
      );
    },
    addressesOf: async (customerId) => (await db.query(ofCustomer, [customerId])).map(addressOf),
    listAddresses: async ({ limit, offset }) => {
      const [[counted], rows] = await Promise.all([
        db.query(countAddresses, []),
        db.query(pageOfAddresses, [limit, offset]),
      ]);
      return { addresses: rows.map(addressOf), total: counted?.total ?? 0 };
    },
    findAddress: async (id) => {
      const [row] = await db.query(addressById, [id]);
      return row && addressOf(row);
    },
    tokenKey: async () => (await db.query(readKey, []))[0]?.signing_key ?? null,
    makeTokenKey: async (key) => {
      await db.run(makeKey, [key]);
    },
    transaction: (cause, shown, work) =>
      moves.write('customers', async (tx, changed) => {
        const told = new ToldChanges();
        const result = await work(changesIn(tx, changed, told));
        for (const fact of told.facts(shown, microsOf(now()), cause)) await db.outbox(tx).add(fact);
        return result;
      }),
    requireOwner: async () => {
      const { ownership } = await moves.ownership('customers');
      if (ownership.state !== 'owner') throw new ServiceError('misdirected', { retryAfterS: 1 });
    },
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

const countOf = (where: Where) => `select count(*) as total from customers where ${where.text}`;

function listOf(where: Where, sort: Sort<SortField> | undefined): string {
  return `select ${customerColumns} from customers where ${where.text} ${orderBy(sort)}`;
}

function orderBy(sort: Sort<SortField> | undefined): string {
  if (sort === undefined) return byCreation;
  const direction = sort.descending ? 'desc' : 'asc';
  const order = [sortColumns[sort.field], 'created_at_us', 'id'].map((column) => `${column} ${direction}`);
  return `order by ${order.join(', ')}`;
}
