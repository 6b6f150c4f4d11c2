import type { FastifyRequest } from 'fastify';
import { currencyByCode, defaultCurrency } from '../currencies/store.ts';
import type { Queryable } from '../db.ts';
import type { CurrencyStyle } from '../money.ts';
import type { Shop } from '../shop.ts';

/** The currency that the client asked for (`X-MOLTIN-CURRENCY`), else the store's default. */
export async function displayCurrency(shop: Shop, request: FastifyRequest): Promise<CurrencyStyle> {
  if (request.currency === undefined) return defaultCurrency(shop.db);
  return styleOf(shop.db, request.currency);
}

/** How a currency prints; one that the store no longer has prints plainly, because old orders stay. */
export async function styleOf(db: Queryable, code: string): Promise<CurrencyStyle> {
  const known = await currencyByCode(db, code);
  return known ?? { code, format: `{price} ${code}`, decimalPoint: '.', thousandSeparator: '', decimalPlaces: 2 };
}
