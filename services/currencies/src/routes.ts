import { randomUUID } from 'node:crypto';
import { type Authenticate, type FindSubject, guardRoutes, readOnlyForShoppers } from '@banyan/kit/access';
import { checker, microsOf, objectOf, requireSameId } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { Server } from '@banyan/kit/http';
import { CurrencyChange, NewCurrency, paths } from './contract.ts';
import {
  type Currencies,
  currencyIdOf,
  currencyIn,
  currencyView,
  requireEnabled,
  withChanged,
  withNew,
  without,
} from './domain.ts';
import type { Store } from './store.ts';

export interface Handlers {
  store: Pick<Store, 'all' | 'change'>;
  authenticate: Authenticate;
  /** Who a customer token belongs to. Currencies are the same for all, but a wrong token is refused on any path. */
  findCustomer: FindSubject;
  /** The platform's address as clients see it. */
  publicUrl: string;
  now: Clock;
}

const newCurrency = checker(NewCurrency);
const currencyChange = checker(CurrencyChange);

interface ById {
  Params: { id: string };
}

/** HTTP to domain, and back. */
export function addRoutes(server: Server, { store, authenticate, findCustomer, publicUrl, now }: Handlers): void {
  const second = { header: 'x-moltin-customer-token', find: findCustomer, refusal: 'The customer token is not valid' };
  guardRoutes(server, { prefix: '/v2/', authenticate, rule: readOnlyForShoppers, second });
  server.addHook('onRequest', async (request) => {
    const currency = request.headers['x-moltin-currency'];
    if (typeof currency !== 'string' || currency.trim() === '') return;
    if (request.routeOptions.url?.startsWith('/v2/')) requireEnabled(await store.all(), currency);
  });
  const shown = (currencies: Currencies, id: string) => ({ data: currencyView(currencyIn(currencies, id), publicUrl) });

  server.get(paths.currencies, { schema: { summary: 'List currencies' } }, async () => ({
    data: (await store.all()).map((currency) => currencyView(currency, publicUrl)),
  }));

  server.get<ById>(paths.currency, { schema: { summary: 'Read a currency' } }, async ({ params }) => {
    const id = currencyIdOf(params.id);
    return shown(await store.all(), id);
  });

  server.post(paths.currencies, { schema: { summary: 'Make a currency' } }, async (request, reply) => {
    const [made, id] = [newCurrency(objectOf(request.body)), randomUUID()];
    const after = await store.change((before) => withNew(before, made, id, microsOf(now())));
    return reply.code(201).send(shown(after, id));
  });

  server.put<ById>(paths.currency, { schema: { summary: 'Change a currency' } }, async ({ params, body }) => {
    const id = currencyIdOf(params.id);
    const change = currencyChange(objectOf(body));
    requireSameId(params.id, change.id);
    return shown(await store.change((before) => withChanged(before, id, change, microsOf(now()))), id);
  });

  server.delete<ById>(paths.currency, { schema: { summary: 'Delete a currency' } }, async ({ params }, reply) => {
    const id = currencyIdOf(params.id);
    await store.change((before) => without(before, id));
    return reply.code(204).send();
  });
}
