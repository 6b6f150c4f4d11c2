import Type, { type Static } from 'typebox';
import type { Access } from '../access/access.ts';
import { isMembers } from '../api/body.ts';
import { badRequest, failedValidation, forbidden, notFound, refused } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { checker } from '../api/validate.ts';
import { productMissing } from '../catalog/product-get.ts';
import type { Queryable } from '../db.ts';
import { MAX_AMOUNT } from '../money.ts';
import { checkLine, checkStock, MAX_LINES, MAX_QUANTITY } from './limits.ts';
import { findCart, type ItemRow, loadItems } from './store.ts';
import { replaceTaxes, TaxItem } from './taxes.ts';

const Quantity = Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_QUANTITY }));
const Taxes = Type.Optional(Type.Array(TaxItem, { maxItems: 5 }));

const productLine = checker(
  Type.Object({
    id: Type.Optional(Type.String()),
    sku: Type.Optional(Type.String()),
    quantity: Quantity,
    tax: Taxes,
  }),
);
const CustomLine = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255 }),
  sku: Type.Optional(Type.String({ maxLength: 255 })),
  description: Type.Optional(Type.String({ maxLength: 10_000 })),
  quantity: Quantity,
  price: Type.Object({
    amount: Type.Integer({ minimum: 0, maximum: MAX_AMOUNT }),
    includes_tax: Type.Optional(Type.Boolean()),
  }),
  tax: Taxes,
});
const customLine = checker(CustomLine);
const mergedCart = checker(Type.Object({ cart_id: Type.String({ minLength: 1, maxLength: 128 }) }));

/** Where a line goes: an open (locked) cart of a currency. */
export interface Destination {
  db: Queryable;
  cartId: string;
  currency: string;
  access: Access;
  now: Date;
}

/** Adds what one member of `data` names: a product, a custom item, or the lines of another cart. */
export async function addLine(to: Destination, data: unknown): Promise<void> {
  if (!isMembers(data)) throw badRequest('The data member must be an object', 'data');
  switch (data.type) {
    case 'cart_item':
      return addProduct(to, data);
    case 'custom_item':
      return addCustom(to, customLine(data));
    case 'cart_items':
      return mergeCart(to, mergedCart(data).cart_id);
    case 'promotion_item':
      throw notFound('No promotion could be found with the given code.');
    default:
      throw failedValidation([{ detail: 'The data.type field is not a kind of cart item.', source: 'data.type' }]);
  }
}

async function addProduct(to: Destination, data: unknown): Promise<void> {
  const { id, sku, quantity = 1, tax } = productLine(data);
  const wanted = id ?? sku;
  if (wanted === undefined) {
    throw failedValidation([{ detail: 'The data.id field is required.', source: 'data.id' }]);
  }
  await putProduct(to, wanted, quantity, tax);
}

interface ProductRow {
  id: string;
  name: string;
  sku: string;
  slug: string;
  description: string;
  manage_stock: boolean;
  amount: number | null;
  includes_tax: boolean;
}

/** `wanted` is an id, or a SKU: older clients send a SKU where the id belongs. */
async function putProduct(
  to: Destination,
  wanted: string,
  quantity: number,
  taxes: readonly TaxItem[] | undefined,
): Promise<void> {
  const { db, cartId, currency, now } = to;
  const { rows } = await db.query<ProductRow>(
    `select p.id, p.name, p.sku, p.slug, p.description, p.manage_stock, c.amount::float8 as amount, c.includes_tax
     from products p left join product_prices c on c.product_id = p.id and c.currency = $3
     where ${isUuid(wanted) ? 'p.id = $1::uuid' : 'p.sku = $1'} and ($2 is false or p.status = 'live')`,
    [wanted, to.access.kind === 'implicit', currency],
  );
  const product = rows[0];
  if (product === undefined) throw productMissing();
  if (product.amount === null) throw badRequest(`The product ${product.sku} has no price in ${currency}`, 'data.id');

  const lines = await loadItems(db, cartId);
  const line = lines.find((each) => each.product_id === product.id);
  const total = quantity + (line?.quantity ?? 0);
  checkLine(total, line?.unit_amount ?? product.amount);
  if (product.manage_stock) await checkStock(db, product, total);
  const itemId = line
    ? await setQuantity(db, line.id, total, now)
    : await insertLine(to, lines, {
        ...product,
        type: 'cart_item',
        product_id: product.id,
        quantity,
        unit_amount: product.amount,
      });
  await putTaxes(to, itemId, taxes);
}

async function addCustom(to: Destination, data: Static<typeof CustomLine>): Promise<void> {
  const { name, sku = '', description = '', quantity = 1, price, tax } = data;
  const includesTax = price.includes_tax ?? true;
  const lines = await loadItems(to.db, to.cartId);
  const line = lines.find(
    (each) =>
      each.type === 'custom_item' &&
      sku !== '' &&
      each.sku === sku &&
      each.unit_amount === price.amount &&
      each.includes_tax === includesTax,
  );
  const total = quantity + (line?.quantity ?? 0);
  checkLine(total, price.amount);
  const itemId = line
    ? await setQuantity(to.db, line.id, total, to.now)
    : await insertLine(to, lines, {
        type: 'custom_item',
        product_id: null,
        name,
        sku,
        slug: '',
        description,
        quantity,
        manage_stock: false,
        unit_amount: price.amount,
        includes_tax: includesTax,
      });
  await putTaxes(to, itemId, tax);
}

/** Adds the lines of another cart; that cart stays as it is. */
async function mergeCart(to: Destination, sourceId: string): Promise<void> {
  const source = await findCart(to.db, sourceId, to.now);
  if (source === undefined) throw notFound('The cart to be merged could not be found');
  if (source.id === to.cartId) throw badRequest('A cart cannot be merged with itself', 'data.cart_id');
  const lines = await loadItems(to.db, sourceId);
  if (lines.length > 0 && source.currency !== to.currency) throw mixedCurrencies(to.currency);
  for (const line of lines) {
    // The taxes of the source were set by somebody who may: they come along whoever merges.
    const trusted: Destination = { ...to, access: { ...to.access, kind: 'client_credentials' } };
    const tax = line.taxes.length > 0 ? line.taxes : undefined;
    if (line.product_id !== null) {
      await putProduct(trusted, line.product_id, line.quantity, tax);
    } else {
      const price = { amount: line.unit_amount, includes_tax: line.includes_tax };
      await addCustom(trusted, { ...line, price, ...(tax && { tax }) });
    }
  }
}

export function mixedCurrencies(currency: string) {
  return refused('Bad Request', `The cart holds items in ${currency}; a cart has one currency`);
}

async function insertLine(
  { db, cartId, now }: Destination,
  lines: readonly ItemRow[],
  line: Omit<ItemRow, 'id' | 'created_at' | 'updated_at' | 'taxes'>,
): Promise<string> {
  if (lines.length >= MAX_LINES) throw badRequest(`A cart holds at most ${MAX_LINES} different items`);
  const { rows } = await db.query<{ id: string }>(
    `insert into cart_items (cart_id, type, product_id, name, sku, slug, description, quantity, manage_stock,
       unit_amount, includes_tax, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) returning id`,
    [
      cartId,
      line.type,
      line.product_id,
      line.name,
      line.sku,
      line.slug,
      line.description,
      line.quantity,
      line.manage_stock,
      line.unit_amount,
      line.includes_tax,
      now,
    ],
  );
  return rows[0]?.id ?? '';
}

/** Sets the quantity of a line and gives its id. */
export async function setQuantity(db: Queryable, itemId: string, quantity: number, now: Date): Promise<string> {
  await db.query('update cart_items set quantity = $2, updated_at = $3 where id = $1', [itemId, quantity, now]);
  return itemId;
}

async function putTaxes(to: Destination, itemId: string, taxes: readonly TaxItem[] | undefined): Promise<void> {
  if (taxes === undefined) return;
  if (to.access.kind !== 'client_credentials') throw forbidden('Tax items need client credentials');
  await replaceTaxes(to.db, itemId, taxes);
}
