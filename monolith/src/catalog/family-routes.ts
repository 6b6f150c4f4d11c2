import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isMembers, listOf, type Members, objectOf } from '../api/body.ts';
import { isUuid } from '../api/ids.ts';
import { audit } from '../audit.ts';
import { inTransaction, type Queryable } from '../db.ts';
import type { Shop } from '../shop.ts';
import { recordGroup } from './events.ts';
import { lockFamily, setParent } from './family.ts';
import { getGroup, groupMissing } from './group-routes.ts';
import type { Kind } from './kinds.ts';
import { linkIds } from './product-relationships.ts';
import { readTree } from './tree.ts';

interface ById {
  Params: { id: string };
}

/** Routes of the tree: one parent, many children, and the three paths that change them. */
export function familyRoutes(app: FastifyInstance, shop: Shop, kind: Kind): void {
  const relationships = `/v2/${kind.plural}/:id/relationships`;

  app.get(`/v2/${kind.plural}/tree`, async (request) => ({
    data: await readTree(shop.db, shop.debts, kind, request.access.kind === 'implicit'),
  }));

  app.post<ById>(`${relationships}/parent`, async (request, reply) => {
    await changeFamily(shop, request, kind, adoptBy);
    return reply.code(204).send();
  });

  app.put<ById>(`${relationships}/parent`, async (request) => {
    await changeFamily(shop, request, kind, adoptBy);
    return getGroup(shop, request, kind, request.params.id);
  });

  app.delete<ById>(`${relationships}/parent`, async (request, reply) => {
    await changeFamily(shop, request, kind, (db, id, _data, now) => setParent(db, kind, [id], null, now));
    return reply.code(204).send();
  });

  app.post<ById>(`${relationships}/children`, async (request) => {
    await changeFamily(shop, request, kind, (db, id, body, now) => setParent(db, kind, childrenIn(body), id, now));
    return getGroup(shop, request, kind, request.params.id);
  });

  app.put<ById>(`${relationships}/children`, async (request) => {
    await changeFamily(shop, request, kind, replaceChildren);
    return getGroup(shop, request, kind, request.params.id);
  });

  app.delete<ById>(`${relationships}/children`, async (request, reply) => {
    await changeFamily(shop, request, kind, async (db, id, body, now) => {
      const { rows } = await db.query<{ id: string }>(
        `select id from ${kind.plural} where parent_id = $1 and id = any($2)`,
        [id, childrenIn(body)],
      );
      await setParent(
        db,
        kind,
        rows.map((row) => row.id),
        null,
        now,
      );
    });
    return reply.code(204).send();
  });

  app.post<ById>(`${relationships}/${kind.plural}`, async (request) => {
    await changeFamily(shop, request, kind, async (db, id, body, now) => {
      const { parent, children } = objectOf(body);
      if (isMembers(parent)) await adoptBy(db, id, { data: parent }, now);
      if (Array.isArray(children)) await setParent(db, kind, childrenIn({ data: children }), id, now);
    });
    return getGroup(shop, request, kind, request.params.id);
  });

  async function adoptBy(db: Queryable, id: string, body: unknown, now: Date): Promise<void> {
    const [parent] = linkIds([objectOf(body)]);
    await setParent(db, kind, [id], parent ?? null, now);
  }

  async function replaceChildren(db: Queryable, id: string, body: unknown, now: Date): Promise<void> {
    const kept = childrenIn(body);
    await db.query(`update ${kind.plural} set parent_id = null where parent_id = $1 and id <> all($2)`, [id, kept]);
    await setParent(db, kind, kept, id, now);
  }
}

function childrenIn(body: unknown): string[] {
  const links: Members[] = listOf(body);
  return linkIds(links);
}

async function changeFamily(
  shop: Shop,
  request: FastifyRequest<ById>,
  kind: Kind,
  change: (db: Queryable, id: string, body: unknown, now: Date) => Promise<void>,
): Promise<void> {
  const id = request.params.id.toLowerCase();
  if (!isUuid(id)) throw groupMissing(kind);
  await inTransaction(shop.db, async (db) => {
    await lockFamily(db, kind);
    const { rowCount } = await db.query(`update ${kind.plural} set updated_at = $2 where id = $1`, [id, shop.now()]);
    if (rowCount === 0) throw groupMissing(kind);
    await change(db, id, request.body, shop.now());
    await recordGroup(shop, db, kind, 'updated', id);
    await audit(shop, db, request.access, { action: 'updated', entity: kind.type, entityId: id });
  });
}
