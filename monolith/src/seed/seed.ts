import { inTransaction, type Pool, type PoolClient } from '../db.ts';
import { clientTable, hashSecrets, planClients, type SeededClient } from './clients.ts';
import { copyInto } from './copy.ts';
import { currencyTable } from './currencies.ts';
import { addressTable, customerTable, hashPasswords, planCustomers, type SeededCustomer } from './customers.ts';
import { emptyTables } from './empty.ts';
import { familyTables, foundFamilies } from './families.ts';
import { fileTables, planFiles, planProductFiles, writeContent } from './files.ts';
import { flowTables } from './flows.ts';
import { groupTable, leavesOf, planBrands, planCategories, planCollections } from './groups.ts';
import { integrationTable, jobTable } from './integrations.ts';
import { orderTables, stockTables } from './order-tables.ts';
import { planOrders, type SeededOrder } from './orders.ts';
import { daysBefore, type Plan } from './plan.ts';
import { planProducts, productTables } from './products.ts';
import type { Progress } from './progress.ts';
import { promotionTables } from './promotions.ts';
import type { Table } from './table.ts';
import { auditTable, tokenTable } from './tokens.ts';

/**
 * Every table that a seed fills or empties. Tables that the schema fills (gateways, roles, settings) are not listed.
 */
export const seededTables = [
  'api_clients',
  'access_tokens',
  'token_audit',
  'currencies',
  'customers',
  'addresses',
  'products',
  'product_prices',
  'product_attribute_values',
  'product_translations',
  'categories',
  'brands',
  'collections',
  'product_categories',
  'product_brands',
  'product_collections',
  'variations',
  'variation_options',
  'option_modifiers',
  'product_variations',
  'child_options',
  'files',
  'product_files',
  'product_main_images',
  'first_stocks',
  'stock',
  'stock_transactions',
  'carts',
  'cart_customers',
  'cart_items',
  'cart_item_taxes',
  'orders',
  'order_items',
  'transactions',
  'audit_log',
  'idempotency_keys',
  'shop_events',
  'deleted_entities',
  'integrations',
  'integration_jobs',
  'integration_logs',
  'jobs',
  'job_files',
  'flows',
  'flow_fields',
  'flow_entries',
  'flow_entry_values',
  'product_field_values',
  'category_field_values',
  'brand_field_values',
  'collection_field_values',
  'customer_field_values',
  'address_field_values',
  'cart_field_values',
  'cart_item_field_values',
  'order_field_values',
  'order_item_field_values',
  'promotions',
  'promotion_field_values',
  'promotion_codes',
  'promotion_code_counts',
  'promotion_uses',
  'cart_promotions',
] as const;

/** The accounts that can sign in to a seeded shop. */
export interface Credentials {
  clients: readonly SeededClient[];
  customers: readonly SeededCustomer[];
}

/** The credentials that `fillShop` will create. Needs no store. */
export function planCredentials(plan: Plan): Credentials {
  const customers = planCustomers(plan).filter(({ password }) => password !== undefined);
  return { clients: planClients(plan), customers };
}

/** The credentials that a shop knows: none if it was filled from another seed. */
export async function knownCredentials(db: Pool, { clients, customers }: Credentials): Promise<Credentials> {
  const { rows } = await db.query<{ id: string }>(
    'select id from api_clients where id = any($1) union all select id from customers where id = any($2)',
    [clients.map(({ id }) => id), customers.map(({ id }) => id)],
  );
  const known = new Set(rows.map(({ id }) => id));
  return { clients: clients.filter(({ id }) => known.has(id)), customers: customers.filter(({ id }) => known.has(id)) };
}

export async function isEmpty(db: Pool): Promise<boolean> {
  const { rows } = await db.query<{ empty: boolean }>('select not exists(select 1 from api_clients) as empty');
  return rows[0]?.empty === true;
}

/**
 * Replaces the data of the shop in one transaction: a failed seed leaves everything unchanged. The content of files
 * goes to `filesFolder`; without a folder, the files have no content.
 */
export async function fillShop(db: Pool, plan: Plan, progress: Progress, filesFolder?: string): Promise<void> {
  if (filesFolder !== undefined) {
    progress.start('content of files');
    await writeContent(filesFolder, planFiles(plan));
  }
  const deleted = await inTransaction(db, async (client) => {
    // Hashing is the slow part. It runs in the thread pool while the rows are copied.
    const clients = planClients(plan);
    const customers = planCustomers(plan);
    const secretHashes = hashSecrets(clients, () => progress.advance(hashWeight));
    const passwordHashes = hashPasswords(customers);

    const emptied = await emptyTables(client, seededTables);
    for await (const table of tables(client, plan, clients, customers, { secretHashes, passwordHashes })) {
      progress.start(table.name);
      await copyInto(client, table, (rows) => progress.advance(rows));
    }
    const at = daysBefore(plan, 900);
    await client.query('update settings set page_length = default, updated_at = $1', [at]);
    await client.query("update gateways set enabled = (slug = 'manual'), settings = '{}', updated_at = $1", [at]);
    return emptied;
  });
  // Updates statistics and does the work of the first reader, so that measurements start from the same state.
  progress.start('vacuum');
  const large = ['access_tokens', 'token_audit', 'orders', 'order_items', 'products', 'customers', 'api_clients'];
  for (const table of new Set([...large, ...deleted])) {
    await db.query(`vacuum analyze ${table}`);
  }
  progress.finish();
}

// Rows that can be copied while one secret is hashed, for an even progress bar.
const hashWeight = 4_000;

/** The length of the progress bar: about the rows of all tables, and the hashes. */
export function progressTotal(plan: Plan): number {
  const { tokens, orders, products, customers, entries, promotions, codes } = plan.size;
  const secrets = planClients(plan).filter(({ clientSecret }) => clientSecret !== '').length;
  const own = 6 * entries + promotions * codes;
  return 2 * tokens + Math.round(4.2 * orders) + 18 * products + 3 * customers + own + hashWeight * secrets;
}

async function* tables(
  client: PoolClient,
  plan: Plan,
  clients: readonly SeededClient[],
  customers: readonly SeededCustomer[],
  hashes: { secretHashes: Promise<string[]>; passwordHashes: Promise<(string | null)[]> },
): AsyncGenerator<Table> {
  yield currencyTable(plan);
  yield integrationTable(plan);
  yield jobTable(plan);
  yield tokenTable(plan, clients);
  yield auditTable(plan, clients);

  const categories = planCategories(plan);
  const brands = planBrands(plan);
  const collections = planCollections(plan);
  yield groupTable('categories', categories);
  yield groupTable('brands', brands);
  yield groupTable('collections', collections);
  const planned = planProducts(plan, { categories: leavesOf(categories), brands, collections });
  const { products, families } = foundFamilies(plan, planned);
  yield* productTables(products, await attributeIds(client));
  yield* familyTables(families);
  const files = planFiles(plan);
  yield* fileTables(files, planProductFiles(plan, products, files));

  // Created for each table in sequence: all at once would need more memory than the rest of the seed.
  const orders: Iterable<SeededOrder> = { [Symbol.iterator]: () => planOrders(plan, customers, products) };
  yield* orderTables(orders);
  yield* stockTables(plan, products, orders);

  yield customerTable(customers, await hashes.passwordHashes);
  yield addressTable(plan, customers);
  yield* flowTables(plan, products, customers);
  yield* promotionTables(plan, products);
  yield clientTable(clients, await hashes.secretHashes);
}

async function attributeIds(client: PoolClient): Promise<Map<string, number>> {
  const { rows } = await client.query<{ id: number; slug: string }>('select id, slug from product_attributes');
  return new Map(rows.map(({ id, slug }) => [slug, id]));
}
