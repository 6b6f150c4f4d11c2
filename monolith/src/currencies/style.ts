import type { Queryable } from '../db.ts';
import type { CurrencyStyle } from '../money.ts';
import { currencyByCode } from './store.ts';

/** How to print a currency. Old carts and orders outlive currencies, so a deleted currency prints plainly. */
export async function styleOf(db: Queryable, code: string): Promise<CurrencyStyle> {
  const known = await currencyByCode(db, code);
  return known ?? { code, format: `{price} ${code}`, decimalPoint: '.', thousandSeparator: '', decimalPlaces: 2 };
}
