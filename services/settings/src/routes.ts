import type { Authenticate, FindSubject, Rule } from '@banyan/kit/access';
import { checker, objectOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import type { Server } from '@banyan/kit/http';
import { guardApi, type RequireCurrency } from '@banyan/kit/peers';
import { paths, SettingsChange } from './contract.ts';
import { forPeers, settingsView, withChanged } from './domain.ts';
import type { Store } from './store.ts';

export interface Handlers {
  store: Pick<Store, 'read' | 'change'>;
  requireCurrency: RequireCurrency;
  authenticate: Authenticate;
  /** Who a customer token belongs to. Settings are the administrators', but a wrong token is refused on any path. */
  findCustomer: FindSubject;
  /** @throws ServiceError `invalid_peer`: `Authorization` has no credentials of a service */
  requirePeer: (authorization: string | undefined) => void;
  now: Clock;
}

const administratorsOnly: Rule = (_asked, { kind }) => kind === 'client_credentials';
const settingsChange = checker(SettingsChange);

/** HTTP to domain, and back. */
export function addRoutes(server: Server, handlers: Handlers): void {
  const { store, requireCurrency, requirePeer, now } = handlers;
  guardApi(server, {
    ...handlers,
    rule: administratorsOnly,
    requireCurrency: ({ headers }) => requireCurrency(headers),
  });

  server.get(paths.settings, { schema: { summary: 'Read the settings' } }, async () => ({
    data: settingsView(await store.read()),
  }));

  server.put(paths.settings, { schema: { summary: 'Change the settings' } }, async (request) => {
    const change = settingsChange(objectOf(request.body));
    const cause = causeOf(request.headers, now());
    return { data: settingsView(await store.change(cause, (before, at) => withChanged(before, change, at))) };
  });

  server.get(
    paths.forPeers,
    { schema: { summary: 'The page length of lists and the method of calculation, for other services' } },
    async ({ headers }) => {
      requirePeer(headers.authorization);
      return { data: forPeers(await store.read()) };
    },
  );
}
