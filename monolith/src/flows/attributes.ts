import type { FastifyInstance } from 'fastify';
import type { TObject } from 'typebox';
import { attributesReply } from '../api/attributes.ts';
import type { Queryable } from '../db.ts';
import type { Shop } from '../shop.ts';
import { fieldsOf, placeOf } from './entry-store.ts';
import { activeFields, type Field } from './field-store.ts';
import { requireFlow } from './flow-routes.ts';
import type { Owner } from './owners.ts';

/** `GET /v2/flows/:type/attributes`: the fields of a flow. */
export function flowAttributeRoutes(app: FastifyInstance, shop: Shop): void {
  app.get<{ Params: { id: string } }>('/v2/flows/:id/attributes', async ({ params }) => {
    const flow = await requireFlow(shop.db, params.id);
    const fields = await fieldsOf(shop.db, placeOf(flow));
    return { data: fields.map(fieldAttribute), meta: { entity: flow.slug, version: 'v2' } };
  });
}

/** `GET …/attributes` of a core entity: its own members, and those of its fields. */
export async function attributesWithFields(db: Queryable, owner: Owner, schema: TObject) {
  const own = attributesReply(owner.slug, schema);
  const fields = await activeFields(db, owner.slug);
  return { ...own, data: [...own.data, ...fields.map(fieldAttribute)] };
}

function fieldAttribute({ name, slug, field_type, required, description, validation_rules }: Field) {
  const allowed = validation_rules.find((rule) => rule.type === 'enum');
  return {
    label: name,
    value: slug,
    type: field_type,
    required,
    description,
    ...(allowed?.type === 'enum' && { options: allowed.options }),
  };
}
