import type { FastifyInstance } from 'fastify';
import { attributesReply } from '../api/attributes.ts';
import { objectOf } from '../api/body.ts';
import { notFound } from '../api/faults.ts';
import { sameId } from '../api/unique.ts';
import { audit } from '../audit.ts';
import { inTransaction } from '../db.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { allowedNetworks } from '../outbound/networks.ts';
import type { Shop } from '../shop.ts';
import { changeIntegration, createIntegration, removeIntegration } from './changes.ts';
import { integrationLogRoutes } from './log-routes.ts';
import { type IntegrationChange, integrationChange, NewIntegration, newIntegration } from './schema.ts';
import { findIntegration, type IntegrationInput, type IntegrationRow, listIntegrations } from './store.ts';
import { integrationView } from './view.ts';

const one = '/v2/integrations/:id';

interface ById {
  Params: { id: string };
}

/** `/v2/integrations`, with the logs of their deliveries. */
export function integrationRoutes(app: FastifyInstance, shop: Shop): void {
  const view = (row: IntegrationRow) => integrationView(row, shop.config.publicUrl);
  const allowed = allowedNetworks(shop.config.webhookNetworks);

  app.get('/v2/integrations', async () => ({ data: (await listIntegrations(shop.db)).map(view) }));

  app.get('/v2/integrations/attributes', () => attributesReply('integrations', NewIntegration));

  integrationLogRoutes(app, shop);

  app.get<ById>(one, async ({ params }) => ({ data: view(orMissing(await findIntegration(shop.db, params.id))) }));

  app.post('/v2/integrations', (request, reply) => {
    const input = inputOf(newIntegration(objectOf(request.body), allowed));
    return replyOnce(shop, request, reply, 201, async (db) => {
      const row = await createIntegration(shop, db, input);
      await audit(shop, db, request.access, { action: 'created', entity: 'integration', entityId: row.id });
      return { data: view(row) };
    });
  });

  app.put<ById>(one, async (request) => {
    const { id } = request.params;
    const change = integrationChange(objectOf(request.body), allowed);
    sameId(id, change.id);
    return inTransaction(shop.db, async (db) => {
      const row = orMissing(await changeIntegration(shop, db, id, inputOf(change)));
      await audit(shop, db, request.access, { action: 'updated', entity: 'integration', entityId: row.id });
      return { data: view(row) };
    });
  });

  app.delete<ById>(one, async (request) => {
    const { id } = request.params;
    return inTransaction(shop.db, async (db) => {
      if (!(await removeIntegration(shop, db, id))) throw integrationMissing();
      await audit(shop, db, request.access, { action: 'deleted', entity: 'integration', entityId: id });
      return { data: { type: 'integration', id } };
    });
  });
}

function inputOf({ name, description, enabled, observes, configuration }: IntegrationChange): IntegrationInput {
  return { name, description, enabled, observes, url: configuration?.url, secret_key: configuration?.secret_key };
}

function orMissing(row: IntegrationRow | undefined): IntegrationRow {
  if (row === undefined) throw integrationMissing();
  return row;
}

function integrationMissing() {
  return notFound('The requested integration could not be found');
}
