import Type from 'typebox';
import { badRequest, notFound } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import type { Adding, Source } from './adding.ts';
import { mixedCurrencies } from './limits.ts';
import { addCustom, putProduct } from './lines.ts';
import { lastLiveMoment, loadItems } from './store.ts';

const mergedCart = checker(Type.Object({ cart_id: Type.String({ minLength: 1, maxLength: 128 }) }));

/**
 * Adds the lines of another cart; that cart stays as it is. Throws 404 for an unknown cart, 400 for one of another
 * currency, and 400 where the request adds too many lines: they are counted before they are read.
 */
export async function mergeCart(to: Adding, data: unknown): Promise<void> {
  const { cart_id: sourceId } = mergedCart(data);
  const { db, cart } = to.draft;
  const source = await sourceOf(to, sourceId);
  if (source === undefined) throw notFound('The cart to be merged could not be found');
  if (source.id === cart.id) throw badRequest('A cart cannot be merged with itself', 'data.cart_id');
  to.spend(Math.max(1, source.lines));
  const lines = await loadItems(db, sourceId);
  const currency = to.currency();
  if (lines.length > 0 && source.currency !== currency) throw mixedCurrencies(currency);
  await to.shelf.fetch(
    lines.flatMap((line) => line.product_id ?? []),
    currency,
  );
  for (const line of lines) {
    const placing = { currency, trusted: true, ...(line.taxes.length > 0 && { taxes: line.taxes }) };
    if (line.product_id !== null) {
      await putProduct(to, { ...placing, wanted: line.product_id, quantity: line.quantity });
    } else {
      const { name, sku, description, quantity, unit_amount: amount, includes_tax } = line;
      addCustom(to, { name, sku, description, quantity, price: { amount, includes_tax } }, placing);
    }
  }
}

/** The cart to be merged and how many lines it has; one that a list names often is asked for once. */
async function sourceOf(to: Adding, id: string): Promise<Source | undefined> {
  if (!to.sources.has(id)) {
    const { rows } = await to.draft.db.query<Source>(
      `select id, currency, (select count(*)::integer from cart_items i where i.cart_id = carts.id) as lines
       from carts where id = $1 and updated_at > $2`,
      [id, lastLiveMoment(to.draft.now)],
    );
    to.sources.set(id, rows[0]);
  }
  return to.sources.get(id);
}
