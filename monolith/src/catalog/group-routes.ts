import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { type Members, objectOf } from '../api/body.ts';
import { notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { allOf, Bindings } from '../api/sql.ts';
import { LongText, ShortText, Status } from '../api/text.ts';
import { sameId, uniqueOr422 } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import { audit } from '../audit.ts';
import { inTransaction } from '../db.ts';
import { recordDeletion } from '../events/record.ts';
import { attributesWithFields } from '../flows/attributes.ts';
import { withFields, writeFields } from '../flows/entity-fields.ts';
import { includedByFields, joined } from '../flows/includes.ts';
import { owners } from '../flows/owners.ts';
import { type FilterFields, filterConditions, textField, uuidField } from '../lists/filter-fields.ts';
import { includedMember, includeOf, listReply, queryOf, readListQuery } from '../lists/query.ts';
import { byText, orderBy } from '../lists/sort.ts';
import { clearOtherHalves, noteDeleted } from '../seams/other-halves.ts';
import type { Shop } from '../shop.ts';
import { recordGroup } from './events.ts';
import { countGroups, type GroupLinks, groupView, loadGroupLinks, selectGroups } from './groups.ts';
import type { Kind } from './kinds.ts';
import { productsById } from './product-get.ts';

function newGroupSchema(kind: Kind) {
  return Type.Object({
    type: Type.Literal(kind.type),
    name: ShortText,
    slug: ShortText,
    description: Type.Optional(LongText),
    status: Type.Optional(Status),
  });
}
type NewGroup = Static<ReturnType<typeof newGroupSchema>>;

const filters: FilterFields = {
  id: uuidField('g.id = any($::uuid[])'),
  name: textField('g.name'),
  slug: textField('g.slug'),
  status: textField('g.status', ['eq', 'in']),
};
const sorts = {
  created_at: 'g.created_at',
  description: byText('g.description'),
  name: byText('g.name'),
  slug: byText('g.slug'),
  status: 'g.status',
  updated_at: 'g.updated_at',
};

interface ById {
  Params: { id: string };
}

/** Categories, brands and collections share one set of routes. */
export function groupRoutes(app: FastifyInstance, shop: Shop, kind: Kind): void {
  const path = `/v2/${kind.plural}`;
  const one = `${path}/:id`;
  const schema = newGroupSchema(kind);
  const newGroup = checker(schema);
  const groupChange = checker(Type.Partial(Type.Object({ ...schema.properties, id: Type.String() })));

  app.get(path, (request) => listGroups(shop, request, kind));

  app.get(`${path}/attributes`, () => attributesWithFields(shop.db, owners[kind.plural], schema));

  app.includables.set(kind.type, {
    plural: kind.plural,
    views: (request, ids) => groupsById(shop, kind, ids, request.access.kind === 'implicit'),
  });

  app.get<ById>(one, (request) => getGroup(shop, request, kind, request.params.id));

  app.post(path, async (request, reply) => {
    const data = objectOf(request.body);
    const id = await insertGroup(shop, request, kind, newGroup(data), data);
    return reply.code(201).send(await getGroup(shop, request, kind, id));
  });

  app.put<ById>(one, async (request) => {
    const { id } = request.params;
    const data = objectOf(request.body);
    const change = groupChange(data);
    sameId(id, change.id);
    if (!isUuid(id)) throw groupMissing(kind);
    await uniqueOr422(kind.plural, ['slug'], () =>
      inTransaction(shop.db, async (db) => {
        const { rowCount } = await db.query(
          `update ${kind.plural} set name = coalesce($2, name), slug = coalesce($3, slug),
             description = coalesce($4, description), status = coalesce($5, status), updated_at = $6 where id = $1`,
          [id, change.name, change.slug, change.description, change.status, shop.now()],
        );
        if (rowCount === 0) throw groupMissing(kind);
        await writeFields(db, owners[kind.plural], id, data, false);
        await recordGroup(shop, db, kind, 'updated', id);
        await audit(shop, db, request.access, { action: 'updated', entity: kind.type, entityId: id });
      }),
    );
    return getGroup(shop, request, kind, id);
  });

  app.delete<ById>(one, async (request, reply) => {
    const { id } = request.params;
    if (!isUuid(id)) throw groupMissing(kind);
    await inTransaction(shop.db, async (db) => {
      const { rowCount } = await db.query(`delete from ${kind.plural} where id = $1`, [id]);
      if (rowCount === 0) throw groupMissing(kind);
      await noteDeleted(db, kind.type, [id], shop.now());
      await recordDeletion(db, shop.now(), kind.type, id.toLowerCase());
      await audit(shop, db, request.access, { action: 'deleted', entity: kind.type, entityId: id });
    });
    await clearOtherHalves(shop, kind.type, [id]);
    return reply.code(204).send();
  });
}

/**
 * One group.
 * @throws ShopError `not_found` when the group does not exist, or is a draft that the client may not see
 */
export async function getGroup(shop: Shop, request: FastifyRequest, kind: Kind, id: string) {
  if (!isUuid(id)) throw groupMissing(kind);
  const liveOnly = request.access.kind === 'implicit';
  const bindings = new Bindings();
  const where = `g.id = ${bindings.add(id)}${liveOnly ? " and g.status = 'live'" : ''}`;
  const [row] = await selectGroups(shop.db, kind, { where, tail: '', bindings });
  if (row === undefined) throw groupMissing(kind);
  const links = await loadGroupLinks(shop.db, kind, [row], liveOnly);
  const include = includeOf(queryOf(request));
  const included = joined(
    await groupIncludes(shop, request, include, links, liveOnly),
    await includedByFields(shop, request, owners[kind.plural], [row.id], include),
  );
  const [data] = await withFields(shop, shop.db, owners[kind.plural], [groupView(kind, row, links)]);
  return { data, ...includedMember(included) };
}

async function listGroups(shop: Shop, request: FastifyRequest, kind: Kind) {
  const liveOnly = request.access.kind === 'implicit';
  const query = await readListQuery(shop, request);
  const bindings = new Bindings();
  const where = allOf([
    ...(liveOnly ? ["g.status = 'live'"] : []),
    ...filterConditions(query.filter, filters, bindings),
  ]);
  const order = orderBy(query.sort, sorts, 'g.created_at, g.id');
  const total = await countGroups(shop.db, kind, where, bindings);
  const tail = `${order} limit ${bindings.add(query.page.limit)} offset ${bindings.add(query.page.offset)}`;
  const rows = await selectGroups(shop.db, kind, { where, tail, bindings });
  const links = await loadGroupLinks(shop.db, kind, rows, liveOnly);
  const owner = owners[kind.plural];
  const views = rows.map((row) => groupView(kind, row, links));
  const data = await withFields(shop, shop.db, owner, views);
  const included = joined(
    await groupIncludes(shop, request, query.include, links, liveOnly),
    await includedByFields(
      shop,
      request,
      owner,
      rows.map(({ id }) => id),
      query.include,
    ),
  );
  return listReply(shop, request, query.page, total, data, included);
}

async function groupIncludes(
  shop: Shop,
  request: FastifyRequest,
  include: ReadonlySet<string>,
  links: GroupLinks,
  liveOnly: boolean,
): Promise<Record<string, unknown[]>> {
  if (!include.has('products')) return {};
  const ids = [...new Set([...links.products.values()].flat())];
  const found = await productsById(shop, request, ids, liveOnly);
  return { products: found.map(({ view }) => view) };
}

/** The groups with these ids that exist and are visible. */
async function groupsById(shop: Shop, kind: Kind, ids: readonly string[], liveOnly: boolean) {
  const bindings = new Bindings();
  const where = allOf([
    `g.id = any(${bindings.add(ids.filter(isUuid))}::uuid[])`,
    ...(liveOnly ? ["g.status = 'live'"] : []),
  ]);
  const rows = await selectGroups(shop.db, kind, { where, tail: 'order by g.created_at, g.id', bindings });
  const links = await loadGroupLinks(shop.db, kind, rows, liveOnly);
  const views = rows.map((row) => groupView(kind, row, links));
  return withFields(shop, shop.db, owners[kind.plural], views);
}

async function insertGroup(
  shop: Shop,
  request: FastifyRequest,
  kind: Kind,
  group: NewGroup,
  data: Members,
): Promise<string> {
  return uniqueOr422(kind.plural, ['slug'], () =>
    inTransaction(shop.db, async (db) => {
      const { rows } = await db.query<{ id: string }>(
        `insert into ${kind.plural} (name, slug, description, status, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $5) returning id`,
        [group.name, group.slug, group.description ?? '', group.status ?? 'draft', shop.now()],
      );
      const entityId = rows[0]?.id ?? '';
      await writeFields(db, owners[kind.plural], entityId, data, true);
      await recordGroup(shop, db, kind, 'created', entityId);
      await audit(shop, db, request.access, { action: 'created', entity: kind.type, entityId });
      return entityId;
    }),
  );
}

export function groupMissing(kind: Kind) {
  const title = `${kind.type[0]?.toUpperCase()}${kind.type.slice(1)} not found`;
  return notFound(`The requested ${kind.type} could not be found`, title);
}
