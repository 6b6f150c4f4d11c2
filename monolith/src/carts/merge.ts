import Type from 'typebox';
import { badRequest, notFound } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import { owners } from '../flows/owners.ts';
import { valuesOf } from '../flows/values.ts';
import type { Adding, Source } from './adding.ts';
import { mixedCurrencies } from './limits.ts';
import { addCustom, putProduct } from './lines.ts';
import { lastLiveMoment, loadItems } from './store.ts';

const mergedCart = checker(Type.Object({ cart_id: Type.String({ minLength: 1, maxLength: 128 }) }));

/**
 * Adds the lines of another cart, which stays unchanged. The lines are counted before they are read.
 * @throws ShopError `not_found` when the cart is unknown
 * @throws ShopError `bad_request` when the currencies differ, or the request adds too many lines
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
  const values = await linesValues(
    to,
    lines.map(({ id }) => id),
  );
  for (const line of lines) {
    const placing = {
      ...{ currency, trusted: true, values: values.stored(line.id) },
      ...(line.taxes.length > 0 && { taxes: line.taxes }),
    };
    if (line.product_id !== null) {
      await putProduct(to, { ...placing, wanted: line.product_id, quantity: line.quantity });
    } else {
      const { name, sku, description, quantity, unit_amount: amount, includes_tax } = line;
      await addCustom(to, { name, sku, description, quantity, price: { amount, includes_tax } }, placing);
    }
  }
}

async function linesValues(to: Adding, ids: readonly string[]) {
  return valuesOf(to.draft.db, to.debts, owners.cart_items.values, await to.fields(), ids);
}

/** The cart to merge and its number of lines. A cart that a list names several times is read once. */
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
