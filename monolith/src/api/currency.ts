import { currencyByCode } from '../currencies/store.ts';
import type { Queryable } from '../db.ts';
import type { CurrencyStyle } from '../money.ts';

/** How a currency prints; one that the store no longer has prints plainly, because old carts and orders stay. */
export async function styleOf(db: Queryable, code: string): Promise<CurrencyStyle> {
  const known = await currencyByCode(db, code);
  return known ?? { code, format: `{price} ${code}`, decimalPoint: '.', thousandSeparator: '', decimalPlaces: 2 };
}
