import { badRequest } from '../api/faults.ts';
import type { CartDraft } from './draft.ts';
import { checkLine, insufficientStock } from './limits.ts';
import { isPromotionLine, removePromotion } from './promotion-lines.ts';

/**
 * Sets the quantities of lines. 0 removes a line, even if it is already gone. One query reads the stock of all lines.
 * @throws ShopError `not_found` when a line is unknown
 * @throws ShopError `bad_request` when stock is short, or a line is too large
 */
export async function changeQuantities(
  draft: CartDraft,
  changes: readonly { id: string; quantity: number }[],
): Promise<void> {
  const available = await stockOfLines(draft);
  for (const { id, quantity } of changes) {
    if (quantity === 0) {
      draft.remove(id);
      await removePromotion(draft, id);
      continue;
    }
    if (draft.find(id) === undefined && (await isPromotionLine(draft, id))) {
      if (quantity === 1) continue;
      throw badRequest('A promotion has the quantity 1', 'data.quantity');
    }
    const item = draft.require(id);
    checkLine(quantity, item.unit_amount);
    if (item.manage_stock && item.product_id !== null && (available.get(item.product_id) ?? 0) < quantity) {
      throw insufficientStock({ id: item.product_id, sku: item.sku });
    }
    draft.setQuantity(item, quantity);
  }
}

/** The available stock of each product of the cart that keeps stock. Payments reserve stock; carts do not. */
async function stockOfLines({ db, items }: CartDraft): Promise<Map<string, number>> {
  const ids = items.filter((item) => item.manage_stock).flatMap((item) => item.product_id ?? []);
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<{ product_id: string; available: string }>(
    'select product_id, available from stock where product_id = any($1)',
    [ids],
  );
  return new Map(rows.map((row) => [row.product_id, Number(row.available)]));
}
