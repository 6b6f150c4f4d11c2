import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { objectOf } from '../api/body.ts';
import { checker } from '../api/validate.ts';
import { activeFields, type Field } from '../flows/field-store.ts';
import { findFlow } from '../flows/flow-store.ts';
import { entitiesAmong } from '../flows/targets.ts';
import { queryOf } from '../lists/query.ts';
import { checkIntrospector } from '../oauth/introspect.ts';
import type { Shop } from '../shop.ts';

const targets = checker(
  Type.Object({ to: Type.String({ minLength: 1 }), ids: Type.Array(Type.String(), { maxItems: 1_000 }) }),
);

/** `/internal/fields`: what a service asks that keeps entities to which flows add fields. */
export function fieldsForServices(app: FastifyInstance, shop: Shop): void {
  // The flow of an entity, and the fields that its entities have now, in their order.
  app.get('/internal/fields', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { slug = '' } = queryOf(request);
    const flow = await findFlow(shop.db, slug);
    const fields = await activeFields(shop.db, slug);
    return { data: { flow: flow ? { id: flow.id, slug: flow.slug } : null, fields: fields.map(definition) } };
  });

  // Those of the entities that exist, and the `type` of links to them; null: the rule's target names nothing.
  app.post('/internal/fields/targets', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { to, ids } = targets(objectOf({ data: request.body }));
    const found = await entitiesAmong(shop.db, to, ids);
    return { data: found ?? { type: null, ids: [] } };
  });
}

function definition(field: Field) {
  const { id, slug, name, description, field_type, required, omit_null, validation_rules } = field;
  return {
    ...{ id, slug, name, description, field_type, required, unique: field.is_unique },
    ...{ default: field.default_value, omit_null, validation_rules },
  };
}
