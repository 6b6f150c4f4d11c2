import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Authenticate, type FindSubject, readOnlyForShoppers } from '@banyan/kit/access';
import { askedCurrency, checker, objectOf, requireSameId } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import type { Server } from '@banyan/kit/http';
import { guardApi } from '@banyan/kit/peers';
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
  guardApi(server, {
    ...{ authenticate, findCustomer, rule: readOnlyForShoppers },
    requireCurrency: async ({ headers }) => {
      const code = askedCurrency(headers);
      if (code !== undefined) requireEnabled(await store.all(), code);
    },
  });
  const change = ({ headers }: { headers: IncomingHttpHeaders }, work: Parameters<Store['change']>[1]) =>
    store.change(causeOf(headers, now()), work);
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
    const after = await change(request, (before, at) => withNew(before, made, id, at));
    return reply.code(201).send(shown(after, id));
  });

  server.put<ById>(paths.currency, { schema: { summary: 'Change a currency' } }, async (request) => {
    const id = currencyIdOf(request.params.id);
    const members = currencyChange(objectOf(request.body));
    requireSameId(request.params.id, members.id);
    return shown(await change(request, (before, at) => withChanged(before, id, members, at)), id);
  });

  server.delete<ById>(paths.currency, { schema: { summary: 'Delete a currency' } }, async (request, reply) => {
    const id = currencyIdOf(request.params.id);
    await change(request, (before) => without(before, id));
    return reply.code(204).send();
  });
}
