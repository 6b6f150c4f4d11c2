import { badRequest, checker, failedValidation, isMembers, type Members } from '@banyan/kit/api';
import { ServiceError } from '@banyan/kit/errors';
import type { Adding } from './adding.ts';
import { CustomLine, MergedCart, OrderItems, ProductLine } from './contract.ts';
import { CartsError, mixedCurrencies, notFound } from './errors.ts';
import { addCustom, putProduct } from './lines.ts';
import type { PastOrder } from './products.ts';
import { addPromotion } from './promotion-lines.ts';

const productLine = checker(ProductLine);
const customLine = checker(CustomLine);
const mergedCart = checker(MergedCart);
const orderItems = checker(OrderItems);

/**
 * Adds what one member of `data` names: a product, a custom item, a promotion code, or the lines of another cart or of an
 * order.
 */
export function addLine(to: Adding, data: unknown): void {
  if (!isMembers(data)) throw badRequest('The data member must be an object', 'data');
  switch (data.type) {
    case 'cart_item':
      addProduct(to, data);
      break;
    case 'custom_item':
      to.spend(1);
      addCustom(to, customLine(data));
      break;
    case 'cart_items':
      mergeCart(to, data);
      break;
    case 'order_items':
      reorder(to, data);
      break;
    case 'promotion_item':
      addPromotion(to, data);
      break;
    default:
      throw failedValidation([{ detail: 'The data.type field is not a kind of cart item.', source: 'data.type' }]);
  }
}

function addProduct(to: Adding, data: Members): void {
  to.spend(1);
  const { id, sku, quantity = 1, tax } = productLine(data);
  const wanted = id ?? sku;
  if (wanted === undefined) {
    throw failedValidation([{ detail: 'The data.id field is required.', source: 'data.id' }]);
  }
  putProduct(to, { wanted, quantity, currency: to.currency(), taxes: tax, data });
}

/**
 * Adds the lines of another cart, which stays unchanged.
 *
 * @throws CartsError `not_found`: the cart is unknown; `bad_request`: the currencies differ, or there are too many lines
 */
function mergeCart(to: Adding, data: unknown): void {
  const { cart_id: sourceId } = mergedCart(data);
  const source = to.supplies.carts.get(sourceId);
  if (source === undefined) throw notFound('The cart to be merged could not be found');
  if (source.id === to.draft.cart.id) throw badRequest('A cart cannot be merged with itself', 'data.cart_id');
  to.spend(Math.max(1, source.lines.length));
  const currency = to.currency();
  if (source.lines.length > 0 && source.currency !== currency) throw mixedCurrencies(currency);
  for (const line of source.lines) {
    // The values of the fields that lines have now.
    const own = Object.entries(line.values).filter(([id]) => to.supplies.fields.some((field) => field.id === id));
    const placing = {
      currency,
      trusted: true,
      values: new Map(own),
      ...(line.taxes.length > 0 && { taxes: line.taxes }),
    };
    if (line.productId !== null) {
      putProduct(to, { ...placing, wanted: line.productId, quantity: line.quantity });
    } else {
      const { name, sku, description, quantity, unitAmount: amount, includesTax } = line;
      addCustom(to, { name, sku, description, quantity, price: { amount, includes_tax: includesTax } }, placing);
    }
  }
}

/**
 * Adds the lines of an order that the client may see: products at today's prices, custom items unchanged. Unless the
 * request is all-or-nothing, lines that cannot be added are reported in `errors`.
 *
 * @throws CartsError what the owner of orders replied; the first failure when no line could be added
 */
function reorder(to: Adding, data: unknown): void {
  const order = to.supplies.orders.get(orderItems(data).order_id);
  if (order === undefined) throw notFound('The requested order could not be found');
  if (order instanceof CartsError) throw order;
  to.spend(Math.max(1, order.lines.length));
  const currency = to.currency(order.currency);
  const failures: CartsError[] = [];
  for (const line of order.lines) {
    try {
      to.draft.attempt(() => addOrderLine(to, line, currency, order.currency));
    } catch (error) {
      if (!(error instanceof ServiceError) || to.allOrNothing) throw error;
      failures.push(error as CartsError);
    }
  }
  if (failures[0] !== undefined && failures.length === order.lines.length) throw failures[0];
  to.failures.push(...failures);
}

function addOrderLine(to: Adding, line: PastOrder['lines'][number], currency: string, orderCurrency: string): void {
  const { productId, name, sku, quantity, unitAmount: amount, includesTax } = line;
  if (productId !== null) putProduct(to, { currency, wanted: productId, quantity });
  else if (currency !== orderCurrency) throw mixedCurrencies(currency);
  else addCustom(to, { name, sku, quantity, price: { amount, includes_tax: includesTax } }, { currency });
}
