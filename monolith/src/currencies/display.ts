import type { FastifyRequest } from 'fastify';
import type { Shop } from '../shop.ts';
import { type Currency, currencyByCode, defaultCurrency } from './store.ts';

/** The currency for prices in a reply: the one in the header, otherwise the store's default. */
export async function displayCurrency(shop: Shop, request: FastifyRequest): Promise<Currency> {
  const asked = request.currency === undefined ? undefined : await currencyByCode(shop.db, request.currency);
  return asked ?? defaultCurrency(shop.db);
}
