import { badRequest, type Members } from '@banyan/kit/api';
import { checkValues, type Field } from '@banyan/kit/fields';
import type { Draft } from './draft.ts';
import { insufficientStock } from './errors.ts';
import type { Goods } from './goods.ts';
import { checkLine } from './limits.ts';
import { isPromotionLine, removePromotion } from './promotion-lines.ts';

/** Other members may be fields of the line. */
export type QuantityChange = Members & { id: string; quantity: number };

/**
 * Sets the quantities of lines, and their fields. 0 removes a line, even if it is already gone.
 *
 * @throws CartsError `not_found`: a line is unknown; `bad_request`: stock is short, or a line is too large
 * @throws ServiceError `validation_failed`: the value of a field is wrong
 * @throws NotAsked
 */
export function changeQuantities(
  draft: Draft,
  goods: Pick<Goods, 'available'>,
  fields: readonly Field[],
  changes: readonly QuantityChange[],
): void {
  for (const { id, quantity, ...data } of changes) {
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
    const set = draft.setQuantity(line, quantity);
    if (fields.length > 0) draft.setLineValues(set, checkValues(fields, data, false));
  }
}
