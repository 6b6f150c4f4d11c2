import { badRequest } from '@banyan/kit/api';
import type { Draft } from './draft.ts';
import { insufficientStock } from './errors.ts';
import type { Goods } from './goods.ts';
import { checkLine } from './limits.ts';
import { isPromotionLine, removePromotion } from './promotion-lines.ts';

/**
 * Sets the quantities of lines. 0 removes a line, even if it is already gone.
 *
 * @throws CartsError `not_found`: a line is unknown; `bad_request`: stock is short, or a line is too large
 * @throws NotAsked
 */
export function changeQuantities(
  draft: Draft,
  goods: Pick<Goods, 'available'>,
  changes: readonly { id: string; quantity: number }[],
): void {
  for (const { id, quantity } of changes) {
    if (quantity === 0) {
      draft.remove(id);
      removePromotion(draft, id);
      continue;
    }
    if (isPromotionLine(draft, id)) {
      if (quantity === 1) continue;
      throw badRequest('A promotion has the quantity 1', 'data.quantity');
    }
    const line = draft.require(id);
    checkLine(quantity, line.unitAmount);
    if (line.manageStock && line.productId !== null && goods.available(line.productId) < quantity) {
      throw insufficientStock({ id: line.productId, sku: line.sku });
    }
    draft.setQuantity(line, quantity);
  }
}
