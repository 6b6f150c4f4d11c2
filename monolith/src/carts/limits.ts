import { badRequest, refused } from '../api/faults.ts';
import { maxAmount } from '../money.ts';

/** Lines of a cart, and lines that one request may add, including those of merged carts and orders. */
export const maxLines = 100;
export const maxTaxes = 5;
export const maxQuantity = 1_000_000;

/** @throws ShopError `bad_request` when the quantity or value of a line is too large to calculate exactly */
export function checkLine(quantity: number, unitAmount: number): void {
  if (quantity > maxQuantity) throw badRequest(`A line holds at most ${maxQuantity}`, 'data.quantity');
  if (quantity * unitAmount > maxAmount) throw badRequest('The value of the line is too large', 'data.quantity');
}

export function insufficientStock({ id, sku }: { id: string; sku: string }) {
  return refused('Insufficient stock', `There is not enough stock to add ${sku} to your cart`, { id, sku });
}

export function mixedCurrencies(currency: string) {
  return refused('Bad Request', `The cart holds items in ${currency}; a cart has one currency`);
}
