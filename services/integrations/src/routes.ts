import { randomUUID } from 'node:crypto';
import type { Authenticate, FindSubject, Rule } from '@banyan/kit/access';
import { attributesReply, isUuid, microsOf, objectOf, requireSameId } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import type { Server } from '@banyan/kit/http';
import { type OnceStore, postgresReplies, replyOnce } from '@banyan/kit/once';
import { guardApi, type PageLength, type RequireCurrency } from '@banyan/kit/peers';
import { changeIntegration, createIntegration, removeIntegration } from './changes.ts';
import { integrationChange, newIntegration } from './checks.ts';
import { NewIntegration, paths } from './contract.ts';
import { type Integration, integrationView } from './domain.ts';
import { integrationMissing, integrationsErrors } from './errors.ts';
import { addLogRoutes } from './log-routes.ts';
import type { AllowedNetworks } from './outbound/networks.ts';
import { allIntegrations, findIntegration } from './store/integrations.ts';
import type { Store, Write } from './store.ts';

export interface Handlers {
  store: Pick<Store, 'db' | 'write'>;
  pageLength: PageLength;
  requireCurrency: RequireCurrency;
  /** What a webhook may reach although it is inside the platform. */
  allowed: AllowedNetworks;
  authenticate: Authenticate;
  /** Who a customer token belongs to. Integrations are no customer's, but a wrong token is refused on any path. */
  findCustomer: FindSubject;
  /** The platform's address as clients see it. */
  publicUrl: string;
  now: Clock;
}

/** Integrations hold secrets: only administrators see them. */
const administratorsOnly: Rule = (_asked, { kind }) => kind === 'client_credentials';

interface ById {
  Params: { id: string };
}

/** HTTP to domain, and back. */
export function addRoutes(server: Server, handlers: Handlers): void {
  const { store, pageLength, requireCurrency, allowed, publicUrl, now } = handlers;
  guardApi(server, {
    ...handlers,
    rule: administratorsOnly,
    requireCurrency: ({ headers }) => requireCurrency(headers),
  });
  const view = (integration: Integration) => integrationView(integration, publicUrl);

  server.get(paths.integrations, { schema: { summary: 'List integrations' } }, async () => ({
    data: (await allIntegrations(store.db)).map(view),
  }));

  server.get(paths.attributes, { schema: { summary: 'The members of an integration' } }, async () =>
    attributesReply('integrations', NewIntegration),
  );

  addLogRoutes(server, { db: store.db, pageLength, publicUrl });

  server.get<ById>(paths.integration, { schema: { summary: 'Read an integration' } }, async ({ params }) => {
    const found = await findIntegration(store.db, idOf(params.id));
    if (found === undefined) throw integrationMissing();
    return { data: view(found) };
  });

  server.post(paths.integrations, { schema: { summary: 'Make an integration' } }, async (request, reply) => {
    const input = newIntegration(objectOf(request.body), allowed);
    const once: OnceStore<Write> = {
      transaction: (work) => store.write(work, causeOf(request.headers, now())),
      replies: ({ tx }) => postgresReplies.of(tx),
    };
    // A refusal stays here when integrations move: it belongs to none.
    return replyOnce({ request, reply, errors: integrationsErrors, now }, once, async (write) => {
      const made = await createIntegration(write, input, { id: randomUUID(), now: microsOf(now()) });
      return { owner: made.id, body: { data: view(made) } };
    });
  });

  server.put<ById>(paths.integration, { schema: { summary: 'Change an integration' } }, async (request) => {
    const change = integrationChange(objectOf(request.body), allowed);
    requireSameId(request.params.id, change.id);
    const id = idOf(request.params.id);
    const at = now();
    const work = (write: Write) => changeIntegration(write, id, change, microsOf(at));
    const changed = await store.write(work, causeOf(request.headers, at));
    return { data: view(changed) };
  });

  server.delete<ById>(
    paths.integration,
    { schema: { summary: 'Delete an integration' } },
    async ({ params, headers }) => {
      const id = idOf(params.id);
      const at = now();
      await store.write((write) => removeIntegration(write, id, microsOf(at)), causeOf(headers, at));
      return { data: { type: 'integration', id: params.id } };
    },
  );
}

/** The id in a path. @throws IntegrationsError `not_found`: the text is no id */
export function idOf(text: string): string {
  if (!isUuid(text)) throw integrationMissing();
  return text.toLowerCase();
}
