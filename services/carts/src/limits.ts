import { badRequest } from '@banyan/kit/api';
import { maxAmount } from './money.ts';

/** Lines of a cart, and lines that one request may add, including those of merged carts and orders. */
export const maxLines = 100;
/** Promotion codes of a cart. */
export const maxCodes = 20;
export const maxCodeLength = 255;
export const maxTaxes = 5;
export const maxQuantity = 1_000_000;

/** @throws ServiceError `bad_request`: the quantity or the value of a line is too large to calculate exactly */
export function checkLine(quantity: number, unitAmount: number): void {
  if (quantity > maxQuantity) throw badRequest(`A line holds at most ${maxQuantity}`, 'data.quantity');
  if (quantity * unitAmount > maxAmount) throw badRequest('The value of the line is too large', 'data.quantity');
}
