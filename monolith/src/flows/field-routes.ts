import type { FastifyInstance } from 'fastify';
import { attributesReply } from '../api/attributes.ts';
import { objectOf } from '../api/body.ts';
import { failedValidation, notFound, unprocessable } from '../api/faults.ts';
import { sameId } from '../api/unique.ts';
import { audit } from '../audit.ts';
import { inTransaction, isUniqueViolation, type Queryable } from '../db.ts';
import { clearOtherHalves, noteDeleted } from '../seams/other-halves.ts';
import type { Shop } from '../shop.ts';
import { changedField, flowIn, NewField, newField } from './field-schema.ts';
import { countFields, type Field, findField, listFields, saveField } from './field-store.ts';
import { requireFlow } from './flow-routes.ts';
import { findFlow } from './flow-store.ts';
import { isReservedMember, ownerOf } from './owners.ts';
import { relationOf } from './rules.ts';
import { requireTarget } from './targets.ts';

export const maxFields = 100;

interface ById {
  Params: { id: string };
}

/** `/v2/fields`, and the fields of one flow. */
export function fieldRoutes(app: FastifyInstance, shop: Shop): void {
  const view = (field: Field) => fieldView(field, shop.config.publicUrl);

  app.get('/v2/fields', async () => ({ data: (await listFields(shop.db)).map(view) }));

  app.get('/v2/fields/attributes', () => attributesReply('fields', NewField));

  app.get<ById>('/v2/fields/:id', async ({ params }) => ({ data: view(await requireField(shop.db, params.id)) }));

  app.get<ById>('/v2/flows/:id/fields', async ({ params }) => {
    const flow = await requireFlow(shop.db, params.id);
    return { data: (await listFields(shop.db, flow.id)).map(view) };
  });

  app.post('/v2/fields', async (request, reply) => {
    const data = objectOf(request.body);
    const flowId = flowIn(data);
    const field = await freeSlug(() =>
      inTransaction(shop.db, async (db) => {
        // The lock serializes the additions to a flow, so that none exceeds the limit.
        const flow = await findFlow(db, flowId, 'for update');
        const made = newField(data, flow?.id ?? flowId, shop.now());
        if (flow === undefined) throw notFound('The requested flow could not be found');
        await checkPlace(db, flow.slug, made);
        if ((await countFields(db, flow.id)) >= maxFields) {
          throw unprocessable('Field limit reached', `A flow has at most ${maxFields} fields`);
        }
        await saveField(db, made);
        await audit(shop, db, request.access, { action: 'created', entity: 'field', entityId: made.id });
        return made;
      }),
    );
    return reply.code(201).send({ data: view(field) });
  });

  app.put<ById>('/v2/fields/:id', async (request) => {
    const data = objectOf(request.body);
    const field = await freeSlug(() =>
      inTransaction(shop.db, async (db) => {
        const before = await requireField(db, request.params.id, 'for update');
        const { bodyId, field: after } = changedField(before, data, shop.now());
        sameId(before.id, bodyId);
        const { slug } = await requireFlow(db, before.flow_id);
        await checkPlace(db, slug, after);
        await saveField(db, after);
        await audit(shop, db, request.access, { action: 'updated', entity: 'field', entityId: after.id });
        return after;
      }),
    );
    return { data: view(field) };
  });

  app.delete<ById>('/v2/fields/:id', async (request, reply) => {
    const { id, values } = await inTransaction(shop.db, async (db) => {
      const { id, flow_id } = await requireField(db, request.params.id, 'for update');
      const { slug } = await requireFlow(db, flow_id);
      const values = ownerOf(slug)?.values;
      if (values !== undefined) await noteDeleted(db, `field in ${values}`, [id], shop.now());
      else await db.query('delete from flow_entry_values where field_id = $1', [id]);
      await db.query('delete from flow_fields where id = $1', [id]);
      await audit(shop, db, request.access, { action: 'deleted', entity: 'field', entityId: id });
      return { id, values };
    });
    // Seam 3: the values are kept with their entities.
    if (values !== undefined) await clearOtherHalves(shop, `field in ${values}`, [id]);
    return reply.code(204).send();
  });
}

async function requireField(db: Queryable, id: string, lock?: 'for update'): Promise<Field> {
  const field = await findField(db, id, lock);
  if (field === undefined) throw notFound('The requested field could not be found');
  return field;
}

/**
 * Checks a field against its flow and the target of its relationship.
 * @throws ShopError `validation_failed` when an entity of the flow has such a member already, or the target is unknown
 */
async function checkPlace(db: Queryable, flowSlug: string, field: Field): Promise<void> {
  if (isReservedMember(flowSlug, field.slug)) {
    throw failedValidation([{ detail: 'The data.slug field names a member that exists.', source: 'data.slug' }]);
  }
  const relation = relationOf(field.validation_rules);
  if (relation !== undefined) await requireTarget(db, relation.to);
}

async function freeSlug<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error, 'flow_fields_slug_key')) throw error;
    throw failedValidation([{ detail: 'The data.slug field is already taken.', source: 'data.slug' }]);
  }
}

function fieldView(field: Field, publicUrl: string) {
  return {
    type: 'field',
    id: field.id,
    name: field.name,
    slug: field.slug,
    field_type: field.field_type,
    description: field.description,
    required: field.required,
    unique: field.is_unique,
    default: field.default_value,
    enabled: field.enabled,
    order: field.position,
    omit_null: field.omit_null,
    validation_rules: field.validation_rules,
    links: { self: `${publicUrl}/v2/fields/${field.id}` },
    relationships: { flow: { data: { type: 'flow', id: field.flow_id } } },
    meta: { timestamps: { created_at: field.created_at.toISOString(), updated_at: field.updated_at.toISOString() } },
  };
}
