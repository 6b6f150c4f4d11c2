import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { attributesReply } from '../api/attributes.ts';
import { objectOf } from '../api/body.ts';
import { failedValidation, notFound } from '../api/faults.ts';
import { LongText, ShortText } from '../api/text.ts';
import { sameId, uniqueOr422 } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import { audit } from '../audit.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { clearOtherHalves, noteDeleted } from '../seams/other-halves.ts';
import type { Shop } from '../shop.ts';
import { type FlowRow, findFlow, insertFlow, listFlows, updateFlow } from './flow-store.ts';
import { isReservedFlow, ownerOf } from './owners.ts';
import { Slug } from './slug.ts';

const NewFlow = Type.Object({
  type: Type.Literal('flow'),
  name: ShortText,
  slug: Slug,
  description: LongText,
  enabled: Type.Boolean(),
});
const newFlow = checker(NewFlow);
const flowChange = checker(Type.Partial(Type.Object({ ...NewFlow.properties, id: Type.String() })));

interface ById {
  Params: { id: string };
}

/** `/v2/flows`. A flow can be named by its id or its slug. */
export function flowResourceRoutes(app: FastifyInstance, shop: Shop): void {
  const view = (flow: FlowRow) => flowView(flow, shop.config.publicUrl);

  app.get('/v2/flows', async () => ({ data: (await listFlows(shop.db)).map(view) }));

  app.get('/v2/flows/attributes', () => attributesReply('flows', NewFlow));

  app.get<ById>('/v2/flows/:id', async ({ params }) => ({ data: view(await requireFlow(shop.db, params.id)) }));

  app.post('/v2/flows', async (request, reply) => {
    const { slug, name, description, enabled } = newFlow(objectOf(request.body));
    const flow = await uniqueOr422('flows', ['slug'], () =>
      inTransaction(shop.db, async (db) => {
        freeSlug(slug);
        const made = await insertFlow(db, { slug, name, description, enabled }, shop.now());
        await audit(shop, db, request.access, { action: 'created', entity: 'flow', entityId: made.id });
        return made;
      }),
    );
    return reply.code(201).send({ data: view(flow) });
  });

  app.put<ById>('/v2/flows/:id', async (request) => {
    const { id, type: _, ...change } = flowChange(objectOf(request.body));
    return { data: view(await uniqueOr422('flows', ['slug'], () => changeFlow(shop, request, id, change))) };
  });

  app.delete<ById>('/v2/flows/:id', async (request, reply) => {
    const { values, fields } = await inTransaction(shop.db, async (db) => {
      const { id, slug } = await requireFlow(db, request.params.id, 'for update');
      const values = ownerOf(slug)?.values;
      const { rows } = await db.query<{ id: string }>('select id from flow_fields where flow_id = $1', [id]);
      const fields = rows.map((row) => row.id);
      if (values !== undefined) await noteDeleted(db, `field in ${values}`, fields, shop.now());
      await db.query('delete from flows where id = $1', [id]);
      await audit(shop, db, request.access, { action: 'deleted', entity: 'flow', entityId: id });
      return { values, fields };
    });
    // Seam 3: the values are kept with their entities.
    if (values !== undefined) await clearOtherHalves(shop, `field in ${values}`, fields);
    return reply.code(204).send();
  });
}

/** @throws ShopError `not_found` when there is no such flow */
export async function requireFlow(
  db: Queryable,
  idOrSlug: string,
  lock?: 'for key share' | 'for update',
): Promise<FlowRow> {
  const flow = await findFlow(db, idOrSlug, lock);
  if (flow === undefined) throw notFound('The requested flow could not be found');
  return flow;
}

function changeFlow(
  shop: Shop,
  request: FastifyRequest<ById>,
  bodyId: string | undefined,
  change: { slug?: string; name?: string; description?: string; enabled?: boolean },
): Promise<FlowRow> {
  return inTransaction(shop.db, async (db) => {
    const before = await requireFlow(db, request.params.id, 'for update');
    sameId(before.id, bodyId);
    const after = { ...before, ...change, updated_at: shop.now() };
    if (after.slug !== before.slug) {
      freeSlug(after.slug);
      // The values of a core entity are beside the entity: they cannot follow the flow to another slug.
      if (ownerOf(before.slug) ?? ownerOf(after.slug)) {
        throw slugFault('The data.slug field of a core entity cannot change.');
      }
    }
    await updateFlow(db, after, after.updated_at);
    await audit(shop, db, request.access, { action: 'updated', entity: 'flow', entityId: before.id });
    return after;
  });
}

/** @throws ShopError `validation_failed` when the slug names an entity of the API that has no fields */
function freeSlug(slug: string): void {
  if (isReservedFlow(slug)) throw slugFault('The data.slug field names an entity of the API.');
}

function slugFault(detail: string) {
  return failedValidation([{ detail, source: 'data.slug' }]);
}

function flowView(flow: FlowRow, publicUrl: string) {
  return {
    type: 'flow',
    id: flow.id,
    name: flow.name,
    slug: flow.slug,
    description: flow.description,
    enabled: flow.enabled,
    links: { self: `${publicUrl}/v2/flows/${flow.id}` },
    relationships: {},
    meta: { timestamps: { created_at: flow.created_at.toISOString(), updated_at: flow.updated_at.toISOString() } },
  };
}
