import Type from 'typebox';
import { isMembers, type Members } from '../api/body.ts';
import { badRequest, failedValidation } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import type { Adding } from './adding.ts';
import { addCustom, CustomLine, putProduct, Quantity, Taxes } from './lines.ts';
import { mergeCart } from './merge.ts';
import { addPromotion } from './promotion-lines.ts';
import { reorder } from './reorder.ts';

const productLine = checker(
  Type.Object({
    id: Type.Optional(Type.String()),
    sku: Type.Optional(Type.String()),
    quantity: Quantity,
    tax: Taxes,
  }),
);
const customLine = checker(CustomLine);

/**
 * Adds what one member of `data` names: a product, a custom item, a promotion code, or the lines of another cart or of
 * an order.
 */
export async function addLine(to: Adding, data: unknown): Promise<void> {
  if (!isMembers(data)) throw badRequest('The data member must be an object', 'data');
  switch (data.type) {
    case 'cart_item':
      return addProduct(to, data);
    case 'custom_item':
      to.spend(1);
      return addCustom(to, customLine(data));
    case 'cart_items':
      return mergeCart(to, data);
    case 'order_items':
      return reorder(to, data);
    case 'promotion_item':
      return addPromotion(to, data);
    default:
      throw failedValidation([{ detail: 'The data.type field is not a kind of cart item.', source: 'data.type' }]);
  }
}

/** The ids and SKUs in a list of additions, so that one query can read them all. */
export function productsIn(entries: readonly unknown[]): string[] {
  const products = entries.filter(isMembers).filter(({ type }) => type === 'cart_item');
  return products.map(({ id, sku }) => id ?? sku).filter((wanted) => typeof wanted === 'string');
}

async function addProduct(to: Adding, data: Members): Promise<void> {
  to.spend(1);
  const { id, sku, quantity = 1, tax } = productLine(data);
  const wanted = id ?? sku;
  if (wanted === undefined) {
    throw failedValidation([{ detail: 'The data.id field is required.', source: 'data.id' }]);
  }
  await putProduct(to, { wanted, quantity, currency: to.currency(), taxes: tax, data });
}
