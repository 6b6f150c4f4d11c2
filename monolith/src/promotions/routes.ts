import type { FastifyInstance, FastifyRequest } from 'fastify';
import { objectOf } from '../api/body.ts';
import { notFound, unprocessable } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { allOf, Bindings } from '../api/sql.ts';
import { sameId } from '../api/unique.ts';
import { audit } from '../audit.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { attributesWithFields } from '../flows/attributes.ts';
import { withFields, withFieldsOf, writeFields } from '../flows/entity-fields.ts';
import { includedByFields } from '../flows/includes.ts';
import { owners } from '../flows/owners.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { type FilterFields, filterConditions, textField, uuidField } from '../lists/filter-fields.ts';
import { includedMember, includeOf, listReply, queryOf, readListQuery } from '../lists/query.ts';
import { byText, orderBy } from '../lists/sort.ts';
import type { Shop } from '../shop.ts';
import { codeRoutes } from './code-routes.ts';
import { changedPromotion, NewPromotion, newPromotion } from './schema.ts';
import {
  countPromotions,
  findPromotion,
  type PromotionRow,
  promotionsById,
  savePromotion,
  selectPromotions,
} from './store.ts';

const maxPromotions = 1_000;
/** Any number works if every process uses the same one: serializes new promotions, so that none exceeds the limit. */
const promotionsLock = 7_205_759_404;

const filters: FilterFields = {
  id: uuidField('p.id = any($::uuid[])'),
  name: textField('p.name'),
  code: {
    ops: ['eq', 'in'],
    condition: ({ values }, bindings) =>
      `exists (select from promotion_codes c where c.promotion_id = p.id and c.code = any(${bindings.add(values)}::text[]))`,
  },
};
const sorts = { name: byText('p.name'), created_at: 'p.created_at', updated_at: 'p.updated_at' };
const path = '/v2/promotions';

interface ById {
  Params: { id: string };
}

/** `/v2/promotions` and their codes, with client credentials. */
export function promotionRoutes(app: FastifyInstance, shop: Shop): void {
  app.includables.set('promotion', {
    plural: 'promotions',
    seenBy: 'administrators',
    views: async ({ access }, ids) => {
      if (access.kind !== 'client_credentials') return [];
      const rows = [...(await promotionsById(shop.db, ids.filter(isUuid))).values()];
      return withFields(shop, shop.db, owners.promotions, rows.map(promotionView));
    },
  });

  app.get(path, (request) => listPromotions(shop, request));

  app.get(`${path}/attributes`, () => attributesWithFields(shop.db, owners.promotions, NewPromotion));

  app.get<ById>(`${path}/:id`, async (request) => {
    const row = await requirePromotion(shop.db, request.params.id);
    const include = includeOf(queryOf(request));
    const included = await includedByFields(shop, request, owners.promotions, [row.id], include);
    return { data: await promotionReply(shop, shop.db, row), ...includedMember(included) };
  });

  app.post(path, async (request, reply) => {
    const data = objectOf(request.body);
    const row = newPromotion(data, shop.now());
    return replyOnce(shop, request, reply, 201, async (db) => {
      await db.query('select pg_advisory_xact_lock($1)', [promotionsLock]);
      if ((await countPromotions(db, 'true', new Bindings())) >= maxPromotions) {
        throw unprocessable('Promotion limit reached', `A store has at most ${maxPromotions} promotions`);
      }
      await savePromotion(db, row);
      await writeFields(db, owners.promotions, row.id, data, true);
      await audit(shop, db, request.access, { action: 'created', entity: 'promotion', entityId: row.id });
      return { data: await promotionReply(shop, db, row) };
    });
  });

  app.put<ById>(`${path}/:id`, async (request) => {
    const data = objectOf(request.body);
    const now = shop.now();
    const view = await inTransaction(shop.db, async (db) => {
      const before = await requirePromotion(db, request.params.id, 'for update');
      const { bodyId, row } = changedPromotion(before, data, now);
      sameId(before.id, bodyId);
      await savePromotion(db, row);
      // A promotion that ended and runs again has new codes: the old ones were given out for the earlier run.
      const revived = before.ends_at <= now && row.ends_at > now;
      if (revived) await db.query('delete from promotion_codes where promotion_id = $1', [row.id]);
      await writeFields(db, owners.promotions, row.id, data, false);
      await audit(shop, db, request.access, { action: 'updated', entity: 'promotion', entityId: row.id });
      return promotionReply(shop, db, row);
    });
    return { data: view };
  });

  app.delete<ById>(`${path}/:id`, async (request, reply) => {
    const { id } = request.params;
    await inTransaction(shop.db, async (db) => {
      const { rowCount } = isUuid(id) ? await db.query('delete from promotions where id = $1', [id]) : { rowCount: 0 };
      if (rowCount === 0) throw promotionMissing();
      await audit(shop, db, request.access, { action: 'deleted', entity: 'promotion', entityId: id });
    });
    return reply.code(204).send();
  });

  codeRoutes(app, shop, { requirePromotion, promotionReply });
}

async function listPromotions(shop: Shop, request: FastifyRequest) {
  const query = await readListQuery(shop, request);
  const bindings = new Bindings();
  const where = allOf(filterConditions(query.filter, filters, bindings));
  const total = await countPromotions(shop.db, where, bindings);
  const order = orderBy(query.sort, sorts, 'p.id', 'p.created_at, p.id');
  const tail = `${order} limit ${bindings.add(query.page.limit)} offset ${bindings.add(query.page.offset)}`;
  const rows = await selectPromotions(shop.db, { where, tail, bindings });
  const ids = rows.map(({ id }) => id);
  const data = await withFields(shop, shop.db, owners.promotions, rows.map(promotionView));
  const included = await includedByFields(shop, request, owners.promotions, ids, query.include);
  return listReply(shop, request, query.page, total, data, included);
}

/** @throws ShopError `not_found` when there is no such promotion */
async function requirePromotion(db: Queryable, id: string, lock?: 'for update'): Promise<PromotionRow> {
  const row = await findPromotion(db, id, lock);
  if (row === undefined) throw promotionMissing();
  return row;
}

function promotionReply(shop: Shop, db: Queryable, row: PromotionRow) {
  return withFieldsOf(shop, db, owners.promotions, promotionView(row));
}

function promotionView(row: PromotionRow) {
  // Some clients read these members at the top, others in meta.
  const timestamps = { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() };
  return {
    type: 'promotion',
    id: row.id,
    name: row.name,
    description: row.description,
    enabled: row.enabled,
    automatic: row.automatic,
    promotion_type: row.promotion_type,
    schema: row.schema,
    min_cart_value: row.min_cart_value,
    max_discount_value: row.max_discount_value,
    start: row.starts_at.toISOString(),
    end: row.ends_at.toISOString(),
    ...timestamps,
    meta: { timestamps },
  };
}

const promotionMissing = () => notFound('The requested promotion could not be found');
