import type { FastifyInstance, FastifyRequest } from 'fastify';
import { dataOf, isMembers, type Members } from '../api/body.ts';
import { badRequest, failedValidation, forbidden, notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { audit } from '../audit.ts';
import { inTransaction, type Queryable } from '../db.ts';
import type { Shop } from '../shop.ts';
import { activeFields, type Field } from './field-store.ts';
import { type Owner, owners } from './owners.ts';
import { relationOf } from './rules.ts';
import { storeValues } from './store-values.ts';
import { requireEntities } from './targets.ts';
import { type Link, valuesOf } from './values.ts';

export type Verb = 'POST' | 'PUT' | 'DELETE';

/** The most links that one field of an entity holds. */
const maxLinks = 1_000;

/** `/v2/<resource>/:id/relationships/<slug of a field>` of the core entities. */
export function coreRelationshipRoutes(app: FastifyInstance, shop: Shop): void {
  for (const owner of Object.values<Owner>(owners)) {
    const url = `${owner.path}/relationships/:field`;
    app.post(url, (request) => changeCore(shop, request, owner, 'POST'));
    app.put(url, (request) => changeCore(shop, request, owner, 'PUT'));
    app.delete(url, async (request, reply) => {
      await changeCore(shop, request, owner, 'DELETE');
      return reply.code(204).send();
    });
  }
}

async function changeCore(shop: Shop, request: FastifyRequest, owner: Owner, verb: Verb) {
  const narrowed = request.access.kind !== 'client_credentials' || request.access.customerId !== undefined;
  if (owner.adminOnly && narrowed) {
    throw forbidden('The access token does not permit this');
  }
  const parameters = request.params as Record<string, string>;
  const id = parameters[owner.path.split(':').at(-1) ?? ''] ?? '';
  return inTransaction(shop.db, async (db) => {
    await touchOwner(db, owner, id, parameters, shop.now());
    const fields = await activeFields(db, owner.slug);
    const data = await changeLinks(shop, db, request, verb, { table: owner.values, fields, id });
    await audit(shop, db, request.access, { action: 'updated', entity: owner.type, entityId: id });
    return { data };
  });
}

/**
 * Locks an entity and marks it as changed, where it has such a mark.
 * @throws ShopError `not_found` when the entity does not exist
 */
async function touchOwner(
  db: Queryable,
  owner: Owner,
  id: string,
  parameters: Readonly<Record<string, string>>,
  now: Date,
): Promise<void> {
  const { parent, table, type } = owner;
  const missing = () => notFound(`The requested ${type.replace('_', ' ')} could not be found`);
  if (table !== 'carts' && !isUuid(id)) throw missing();
  const above = parent && parameters[parent.parameter];
  const where = parent ? `id = $1 and ${parent.column}::text = $2` : 'id = $1';
  const text = `select from ${table} where ${where} for update`;
  const { rowCount } = await db.query(text, parent ? [id, above] : [id]);
  if (rowCount === 0) throw missing();
  if (table !== 'order_items') await db.query(`update ${table} set updated_at = $2 where id = $1`, [id, now]);
}

/**
 * Changes the links of one entity, and returns those that it has then. DELETE removes the links in the body, or all
 * links without a body.
 * @throws ShopError `not_found` when there is no such relationship field, or a target does not exist
 */
export async function changeLinks(
  shop: Shop,
  db: Queryable,
  request: FastifyRequest,
  verb: Verb,
  owner: { table: string; fields: readonly Field[]; id: string },
): Promise<Link | Link[] | null> {
  const { field: slug } = request.params as { field: string };
  const field = owner.fields.find((one) => one.slug === slug);
  const relation = field && relationOf(field.validation_rules);
  if (field === undefined || relation === undefined) throw notFound('The requested relationship could not be found');
  const ids = idsIn(request.body);
  const before = (await valuesOf(db, shop.debts, owner.table, [field], [owner.id])).value(owner.id, field.id);
  const old = before === null ? [] : ([before].flat() as Link[]);

  let links: Link[];
  if (verb === 'DELETE') {
    links = ids.length === 0 ? [] : old.filter(({ id }) => !ids.includes(id));
  } else {
    const type = ids.length === 0 ? relation.to : await requireEntities(db, relation.to, ids);
    const added = ids.map((id): Link => ({ type, id }));
    const kept = verb === 'POST' && relation.toMany ? old.filter(({ id }) => !ids.includes(id)) : [];
    links = [...kept, ...added];
  }
  if (!relation.toMany && links.length > 1) throw badRequest('This relationship holds one link', 'data');
  if (links.length > maxLinks) throw badRequest(`A relationship holds at most ${maxLinks} links`, 'data');
  const data = relation.toMany ? links : (links[0] ?? null);
  const value = links.length === 0 ? null : data;
  await storeValues(db, owner.table, [field], [{ id: owner.id, values: new Map([[field.id, value]]) }]);
  return data;
}

/**
 * The distinct ids in a body: of one link, or of a list. Some clients send a list as an object with numbered members.
 * @throws ShopError `validation_failed` when a link has no id
 */
function idsIn(body: unknown): string[] {
  const data = dataOf(body);
  const list: unknown[] = Array.isArray(data) ? data : data === undefined || data === null ? [] : numbered(data);
  if (list.length > maxLinks) throw badRequest(`One request names at most ${maxLinks} links`, 'data');
  const ids = list.map((link, index) => {
    const id = isMembers(link) ? link.id : undefined;
    if (typeof id === 'string' && id !== '' && !id.includes('\0')) return isUuid(id) ? id.toLowerCase() : id;
    const source = `data.${index}.id`;
    throw failedValidation([{ detail: `The ${source} field must be an id.`, source }]);
  });
  return [...new Set(ids)];
}

function numbered(data: unknown): unknown[] {
  const members: Members = isMembers(data) ? data : {};
  const names = Object.keys(members);
  // No link at all: `{}` is how some clients send no body.
  if (names.length === 0 && isMembers(data)) return [];
  return names.length > 0 && names.every((name) => /^\d+$/.test(name)) ? Object.values(members) : [data];
}
