import type { FastifyInstance, FastifyRequest } from 'fastify';
import { objectOf } from '../api/body.ts';
import { notFound, unprocessable } from '../api/faults.ts';
import { audit } from '../audit.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { listReply, readListQuery } from '../lists/query.ts';
import type { Shop } from '../shop.ts';
import { addCodes, automaticCode, codesIn, codeView, deleteCodes, listCodes } from './codes.ts';
import type { PromotionRow } from './store.ts';

interface ById {
  Params: { id: string };
}
interface ByCode {
  Params: { id: string; code: string };
}

/** What the routes of promotions share with those of their codes. */
interface Promotions {
  requirePromotion(db: Queryable, id: string, lock?: 'for update'): Promise<PromotionRow>;
  promotionReply(shop: Shop, db: Queryable, row: PromotionRow): Promise<unknown>;
}

/** `/v2/promotions/:id/codes`. */
export function codeRoutes(app: FastifyInstance, shop: Shop, { requirePromotion, promotionReply }: Promotions): void {
  const codes = '/v2/promotions/:id/codes';

  app.get<ById>(codes, async (request) => {
    const { id, automatic } = await requirePromotion(shop.db, request.params.id);
    const { page } = await readListQuery(shop, request);
    if (automatic) return listReply(shop, request, page, 1, page.offset === 0 ? [{ code: automaticCode(id) }] : []);
    const { rows, total } = await listCodes(shop.db, id, page);
    return listReply(shop, request, page, total, rows.map(codeView));
  });

  app.post<ById>(codes, async (request, reply) => {
    const data = objectOf(request.body);
    const view = await inTransaction(shop.db, async (db) => {
      const row = await requirePromotion(db, request.params.id, 'for update');
      if (row.automatic) throw unprocessable('Cannot complete request', 'An automatic promotion has no codes');
      await addCodes(db, row.id, data, shop.now());
      await audit(shop, db, request.access, { action: 'updated', entity: 'promotion', entityId: row.id });
      return promotionReply(shop, db, row);
    });
    return reply.code(201).send({ data: view });
  });

  app.delete<ById>(codes, async (request, reply) => {
    await remove(request, codesIn(objectOf(request.body)));
    return reply.code(204).send();
  });

  app.delete<ByCode>(`${codes}/:code`, async (request, reply) => {
    const gone = await remove(request, [request.params.code]);
    if (gone === 0) throw notFound('No promotion could be found with the given code.');
    return reply.code(204).send();
  });

  function remove(request: FastifyRequest<ById>, texts: readonly string[]): Promise<number> {
    return inTransaction(shop.db, async (db) => {
      const { id } = await requirePromotion(db, request.params.id, 'for update');
      const gone = await deleteCodes(db, id, texts);
      await audit(shop, db, request.access, { action: 'updated', entity: 'promotion', entityId: id });
      return gone;
    });
  }
}
