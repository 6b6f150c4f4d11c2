import type { Queryable } from '../db.ts';
import type { CartRow, ItemRow } from './store.ts';

/** Writes the difference between two states of a cart, with at most one statement for each kind of change. */
export async function writeDraft(
  db: Queryable,
  cart: CartRow,
  before: { currency: string | null; items: readonly ItemRow[] },
  items: readonly ItemRow[],
): Promise<void> {
  const earlier = new Map(before.items.map((item) => [item.id, item]));
  const later = new Set(items.map(({ id }) => id));
  if (cart.currency !== before.currency) {
    await db.query('update carts set currency = $2 where id = $1', [cart.id, cart.currency]);
  }
  await deleteItems(
    db,
    before.items.filter(({ id }) => !later.has(id)),
  );
  await insertItems(
    db,
    cart.id,
    items.filter(({ id }) => !earlier.has(id)),
  );
  await updateQuantities(
    db,
    // Setting a quantity updates the time of a line, even if the quantity stays the same.
    items.filter(({ id, updated_at }) => earlier.has(id) && earlier.get(id)?.updated_at !== updated_at),
  );
  const taxed = items.filter(({ id, taxes }) => {
    const item = earlier.get(id);
    return item === undefined ? taxes.length > 0 : taxes !== item.taxes;
  });
  await replaceTaxes(db, taxed);
}

async function deleteItems(db: Queryable, items: readonly ItemRow[]): Promise<void> {
  if (items.length === 0) return;
  await db.query('delete from cart_items where id = any($1)', [items.map(({ id }) => id)]);
}

async function insertItems(db: Queryable, cartId: string, items: readonly ItemRow[]): Promise<void> {
  if (items.length === 0) return;
  const column = (member: keyof ItemRow) => items.map((item) => item[member]);
  await db.query(
    `insert into cart_items (cart_id, id, type, product_id, name, sku, slug, description, quantity, manage_stock,
       unit_amount, includes_tax, created_at, updated_at, position)
     select $1, id, type, product_id, name, sku, slug, description, quantity, manage_stock, unit_amount, includes_tax,
       $13, $13, (select coalesce(max(position), 0) from cart_items where cart_id = $1) + n
     from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::integer[],
       $10::boolean[], $11::bigint[], $12::boolean[]) with ordinality
       as line (id, type, product_id, name, sku, slug, description, quantity, manage_stock, unit_amount, includes_tax, n)`,
    [
      cartId,
      column('id'),
      column('type'),
      column('product_id'),
      column('name'),
      column('sku'),
      column('slug'),
      column('description'),
      column('quantity'),
      column('manage_stock'),
      column('unit_amount'),
      column('includes_tax'),
      items[0]?.created_at,
    ],
  );
}

async function updateQuantities(db: Queryable, items: readonly ItemRow[]): Promise<void> {
  if (items.length === 0) return;
  await db.query(
    `update cart_items i set quantity = change.quantity, updated_at = $3
     from unnest($1::uuid[], $2::integer[]) as change (id, quantity) where i.id = change.id`,
    [items.map(({ id }) => id), items.map(({ quantity }) => quantity), items[0]?.updated_at],
  );
}

/** Replaces all taxes of these lines: there are few enough to rewrite them. */
async function replaceTaxes(db: Queryable, items: readonly ItemRow[]): Promise<void> {
  if (items.length === 0) return;
  await db.query('delete from cart_item_taxes where item_id = any($1)', [items.map(({ id }) => id)]);
  const taxes = items.flatMap((item) => item.taxes);
  if (taxes.length === 0) return;
  await db.query(
    `insert into cart_item_taxes (id, item_id, name, jurisdiction, code, rate, position)
     select id, item_id, name, jurisdiction, code, rate, n
     from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::float8[]) with ordinality
       as tax (id, item_id, name, jurisdiction, code, rate, n)`,
    [
      taxes.map(({ id }) => id),
      taxes.map(({ item_id }) => item_id),
      taxes.map(({ name }) => name),
      taxes.map(({ jurisdiction }) => jurisdiction),
      taxes.map(({ code }) => code),
      taxes.map(({ rate }) => rate),
    ],
  );
}
