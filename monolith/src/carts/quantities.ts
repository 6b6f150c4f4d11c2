import type { Members } from '../api/body.ts';
import { badRequest } from '../api/faults.ts';
import { checkValues } from '../flows/check-values.ts';
import { activeFields } from '../flows/field-store.ts';
import { owners } from '../flows/owners.ts';
import type { CartDraft } from './draft.ts';
import { checkLine, insufficientStock } from './limits.ts';
import { isPromotionLine, removePromotion } from './promotion-lines.ts';

/**
 * Sets the quantities of lines, and their fields. 0 removes a line, even if it is already gone. One query reads the stock of all lines.
 * @throws ShopError `not_found` when a line is unknown
 * @throws ShopError `bad_request` when stock is short, or a line is too large
 * @throws ShopError `validation_failed` when the value of a field is wrong
 */
export async function changeQuantities(
  draft: CartDraft,
  changes: readonly (Members & { id: string; quantity: number })[],
): Promise<void> {
  const available = await stockOfLines(draft);
  const fields = await activeFields(draft.db, owners.cart_items.slug);
  for (const { id, quantity, ...data } of changes) {
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
    if (fields.length > 0) draft.setFields(item, fields, checkValues(fields, data, false));
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
