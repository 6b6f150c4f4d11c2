import type { Pool, Queryable } from '../db.ts';
import type { Shop } from '../shop.ts';
import { storeFault } from '../store-faults.ts';

type GroupKind = 'category' | 'brand' | 'collection';
type EntityKind = 'product' | 'file' | 'currency' | GroupKind;
/** `field in product_field_values`: a field whose values are kept with the products. */
export type DeletedKind = EntityKind | `field in ${string}`;

const linksTo = (kind: GroupKind, plural: string) =>
  `delete from product_${plural} where ${kind}_id = $1::uuid and not exists (select from ${plural} where id = $1::uuid)`;
const stockIn = (table: string) =>
  `delete from ${table} where product_id = $1::uuid and not exists (select from products where id = $1::uuid)`;
const imagesIn = (table: string) =>
  `delete from ${table} where file_id = $1::uuid and not exists (select from files where id = $1::uuid)`;

/**
 * What else is to be deleted, in tables of other owners. `$1` is the key. An entity that exists again keeps its other
 * halves.
 */
const ofEntities: Readonly<Record<EntityKind, readonly string[]>> = {
  product: [stockIn('stock_transactions'), stockIn('stock')],
  category: [linksTo('category', 'categories')],
  brand: [linksTo('brand', 'brands')],
  collection: [linksTo('collection', 'collections')],
  file: [imagesIn('product_files'), imagesIn('product_main_images')],
  currency: ['delete from product_prices where currency = $1 and not exists (select from currencies where code = $1)'],
};

function otherHalves(kind: DeletedKind): readonly string[] {
  const values = /^field in (\w+_field_values)$/.exec(kind)?.[1];
  if (values !== undefined) return [`delete from ${values} where field_id = $1::uuid`];
  return ofEntities[kind as EntityKind] ?? [];
}

/** Seam 2: notes that entities are deleted, in the transaction of the deletion. `clearOtherHalves` follows the commit. */
export async function noteDeleted(db: Queryable, kind: DeletedKind, keys: readonly string[], now: Date): Promise<void> {
  await db.query(
    `insert into deleted_entities (kind, key, created_at) select $1, unnest($2::text[]), $3 on conflict do nothing`,
    [kind, keys, now],
  );
}

/**
 * Deletes the other halves of deleted entities by ordinary writes, each of its own. It follows the commit of the
 * deletion, and replies do not depend on it: readers skip what dangles. What fails here is left to the recovery.
 */
export async function clearOtherHalves(shop: Shop, kind: DeletedKind, keys: readonly string[]): Promise<void> {
  try {
    for (const key of keys) await clear(shop.db, kind, key);
  } catch (err) {
    shop.log.warn({ err, kind }, 'other halves of deleted entities are left to the recovery');
  }
}

/** Recovery: deletes what a process that died has left. Returns the number of entities. */
export async function recoverOtherHalves(db: Pool): Promise<number> {
  const { rows } = await db.query<{ kind: DeletedKind; key: string }>(
    'select kind, key from deleted_entities order by created_at, kind, key limit 100',
  );
  for (const { kind, key } of rows) await clear(db, kind, key);
  return rows.length;
}

async function clear(db: Pool, kind: DeletedKind, key: string): Promise<void> {
  for (const statement of otherHalves(kind)) {
    try {
      await db.query(statement, [key]);
    } catch (error) {
      // Another program owns this half, and deletes it when it hears of the deletion.
      if (storeFault(error)?.code !== 'misdirected') throw error;
    }
  }
  await db.query('delete from deleted_entities where kind = $1 and key = $2', [kind, key]);
}
