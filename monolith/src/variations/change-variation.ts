import type { FastifyRequest } from 'fastify';
import { isUuid } from '../api/ids.ts';
import { audit } from '../audit.ts';
import { inTransaction, type Queryable } from '../db.ts';
import type { Shop } from '../shop.ts';
import { missing, requireVariation } from './find-variation.ts';
import type { VariationRow } from './variation-rows.ts';

/**
 * Changes a variation, its options or their modifiers. Changes of one variation run one after the other; `work` gets
 * the variation as it is then.
 * @throws ShopError `not_found` when the variation does not exist
 */
export async function changeVariation<T>(
  shop: Shop,
  request: FastifyRequest,
  id: string,
  work: (db: Queryable, variation: VariationRow, now: Date) => Promise<T>,
): Promise<T> {
  if (!isUuid(id)) throw missing('variation');
  return inTransaction(shop.db, async (db) => {
    const now = shop.now();
    const { rowCount } = await db.query('update variations set updated_at = $2 where id = $1', [id, now]);
    if (rowCount === 0) throw missing('variation');
    const result = await work(db, await requireVariation(db, shop.debts, id), now);
    await audit(shop, db, request.access, { action: 'updated', entity: 'variation', entityId: id });
    return result;
  });
}
