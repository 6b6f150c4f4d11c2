import type { CartDraft } from './draft.ts';
import { checkLine, insufficientStock } from './limits.ts';

/**
 * Sets the quantities of lines; 0 removes one, also where it is gone already. The stock of all of them is read at once.
 * Throws 404 for an unknown line, 400 where stock is short or the line too large.
 */
export async function changeQuantities(
  draft: CartDraft,
  changes: readonly { id: string; quantity: number }[],
): Promise<void> {
  const available = await stockOfLines(draft);
  for (const { id, quantity } of changes) {
    if (quantity === 0) {
      draft.remove(id);
      continue;
    }
    const item = draft.require(id);
    checkLine(quantity, item.unit_amount);
    if (item.manage_stock && item.product_id !== null && (available.get(item.product_id) ?? 0) < quantity) {
      throw insufficientStock({ id: item.product_id, sku: item.sku });
    }
    draft.setQuantity(item, quantity);
  }
}

/** What is available of each product of the cart whose stock is kept. Nothing is reserved: that is for the payment. */
async function stockOfLines({ db, items }: CartDraft): Promise<Map<string, number>> {
  const ids = items.filter((item) => item.manage_stock).flatMap((item) => item.product_id ?? []);
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<{ product_id: string; available: string }>(
    'select product_id, available from stock where product_id = any($1)',
    [ids],
  );
  return new Map(rows.map((row) => [row.product_id, Number(row.available)]));
}
