import type { FastifyInstance } from 'fastify';
import { ShopError } from '../errors.ts';
import type { Shop } from '../shop.ts';
import { currencyByCode } from './store.ts';

/** Reads `X-MOLTIN-CURRENCY` on every path under /v2. Currencies that are not enabled are refused. */
export function currencyHook(app: FastifyInstance, shop: Shop): void {
  app.decorateRequest('currency', undefined);
  app.addHook('onRequest', async (request) => {
    const header = request.headers['x-moltin-currency'];
    if (typeof header !== 'string' || header.trim() === '' || !request.url.startsWith('/v2/')) return;
    if (request.is404) return;
    const code = header.trim().toUpperCase();
    const currency = /^[A-Z]{3}$/.test(code) ? await currencyByCode(shop.db, code) : undefined;
    if (!currency?.enabled) {
      throw new ShopError('bad_request', {
        title: 'BadRequestError',
        detail: 'The selected currency is not enabled on this store',
      });
    }
    request.currency = code;
  });
}
