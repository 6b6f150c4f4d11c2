import type { FastifyInstance } from 'fastify';
import { notFound } from '../api/faults.ts';
import { isText } from '../api/text.ts';
import { activeFields, type Field } from '../flows/field-store.ts';
import { findFlow } from '../flows/flow-store.ts';
import { relationOf } from '../flows/rules.ts';
import { entitiesAmong, isTarget } from '../flows/targets.ts';
import { queryOf } from '../lists/query.ts';
import { checkIntrospector } from '../oauth/introspect.ts';
import type { Shop } from '../shop.ts';
import { named } from './named.ts';

/** `/internal/fields`: what a service asks that keeps entities to which flows add fields. */
export function fieldsForServices(app: FastifyInstance, shop: Shop): void {
  // The flow of an entity, and the fields that its entities have now, in their order.
  app.get('/internal/fields', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { slug = '' } = queryOf(request);
    const flow = await findFlow(shop.db, slug);
    const fields = await activeFields(shop.db, slug);
    return {
      data: {
        flow: flow ? { id: flow.id, slug: flow.slug } : null,
        fields: fields.map((field) => ({ ...definition(field), ...targetIn(app, field) })),
      },
    };
  });

  // Those of the entries of a flow that exist, as an include shows them.
  app.get('/internal/fields/entries', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { to = '', ids = '' } = queryOf(request);
    return { data: (await app.includables.get('entry')?.views(request, ids.split(','), to)) ?? [] };
  });

  // Those of the entities that exist, and the `type` of links to them; null: the rule's target names nothing.
  app.get('/internal/fields/targets', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const found = await entitiesAmong(shop.db, queryOf(request).to ?? '', named(request, 'id', isText));
    return { data: found ?? { type: null, ids: [] } };
  });

  // The same for entities of one type, as each owner of entities has it.
  app.get<{ Params: { type: string } }>('/internal/targets/:type', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { type } = request.params;
    const found = isTarget(type) ? await entitiesAmong(shop.db, type, named(request, 'id', isText)) : undefined;
    if (found === undefined) throw notFound(`There is no entity ${type}`);
    return { data: found.ids };
  });
}

/** What the links of a relationship lead to, where the owner has a list of them; null: entries of a flow. */
function targetIn({ includables }: FastifyInstance, { validation_rules }: Field) {
  const relation = relationOf(validation_rules);
  if (relation === undefined) return {};
  const includable = relation.to === 'entry' ? undefined : includables.get(relation.to);
  return { target: includable ? { plural: includable.plural, seen_by: includable.seenBy ?? 'everyone' } : null };
}

function definition(field: Field) {
  const { id, slug, name, description, field_type, required, omit_null, validation_rules } = field;
  return {
    ...{ id, slug, name, description, field_type, required, unique: field.is_unique },
    ...{ default: field.default_value, omit_null, validation_rules },
  };
}
