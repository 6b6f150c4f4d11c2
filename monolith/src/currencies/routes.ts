import type { FastifyInstance } from 'fastify';
import { objectOf } from '../api/body.ts';
import { isUuid } from '../api/ids.ts';
import { sameId } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import { recordDeletion, recordEvent } from '../events/record.ts';
import { clearOtherHalves, noteDeleted } from '../seams/other-halves.ts';
import type { Shop } from '../shop.ts';
import { type Changed, changeCurrency, createCurrency, orNotFound, removeCurrency } from './changes.ts';
import { CurrencyUpdate, inputOf, NewCurrency } from './schema.ts';
import { type Currency, findCurrency, listCurrencies } from './store.ts';

type ById = { Params: { id: string } };

const checkNew = checker(NewCurrency);
const checkUpdate = checker(CurrencyUpdate);

/** `/v2/currencies`. */
export function currencyRoutes(app: FastifyInstance, shop: Shop): void {
  const changed: Changed = async (db, what, currency) => {
    if (what === 'deleted') {
      await recordDeletion(db, shop.now(), 'currency', currency.id);
      await noteDeleted(db, 'currency', [currency.code], shop.now());
    } else await recordEvent(db, shop.now(), `currency.${what}`, currency.id, { data: currencyView(shop, currency) });
  };

  app.get('/v2/currencies', async () => ({
    data: (await listCurrencies(shop.db)).map((currency) => currencyView(shop, currency)),
  }));
  app.post('/v2/currencies', async (request, reply) => {
    const currency = await createCurrency(shop.db, inputOf(checkNew(objectOf(request.body))), changed);
    return reply.code(201).send({ data: currencyView(shop, currency) });
  });
  app.get<ById>('/v2/currencies/:id', async ({ params }) => ({
    data: currencyView(shop, orNotFound(isUuid(params.id) ? await findCurrency(shop.db, params.id) : undefined)),
  }));
  app.put<ById>('/v2/currencies/:id', async ({ params, body }) => {
    if (!isUuid(params.id)) return orNotFound(undefined);
    const { id, ...data } = checkUpdate(objectOf(body));
    sameId(params.id, id);
    return { data: currencyView(shop, await changeCurrency(shop.db, params.id, inputOf(data), changed)) };
  });
  app.delete<ById>('/v2/currencies/:id', async ({ params }, reply) => {
    if (!isUuid(params.id)) return orNotFound(undefined);
    const { code } = await removeCurrency(shop.db, params.id, changed);
    await clearOtherHalves(shop, 'currency', [code]);
    return reply.code(204).send();
  });
}

function currencyView(shop: Shop, currency: Currency) {
  return {
    id: currency.id,
    type: 'currency',
    code: currency.code,
    exchange_rate: currency.exchangeRate,
    format: currency.format,
    decimal_point: currency.decimalPoint,
    thousand_separator: currency.thousandSeparator,
    decimal_places: currency.decimalPlaces,
    default: currency.isDefault,
    enabled: currency.enabled,
    links: { self: `${shop.config.publicUrl}/v2/currencies/${currency.id}` },
    meta: {
      timestamps: { created_at: currency.createdAt.toISOString(), updated_at: currency.updatedAt.toISOString() },
    },
  };
}
