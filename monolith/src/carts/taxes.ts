import Type, { type Static } from 'typebox';
import { unprocessable } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import { MAX_TAX_RATE } from '../money.ts';
import { MAX_TAXES } from './limits.ts';
import type { TaxRow } from './store.ts';

const Text = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]));

export const TaxItem = Type.Object({
  type: Type.Optional(Type.String()),
  name: Text,
  jurisdiction: Text,
  code: Text,
  rate: Type.Number({ minimum: 0, maximum: MAX_TAX_RATE }),
});
export const TaxChange = Type.Partial(TaxItem);
export type TaxItem = Static<typeof TaxItem>;

/** Adds a tax to a line. Throws 422 where the line has all the taxes it may have. */
export async function addTax(db: Queryable, itemId: string, tax: TaxItem): Promise<TaxRow> {
  const count = await db.query<{ total: string }>('select count(*) as total from cart_item_taxes where item_id = $1', [
    itemId,
  ]);
  if (Number(count.rows[0]?.total) >= MAX_TAXES) {
    throw unprocessable(
      'Tax item not added to cart item.',
      `Cannot exceed tax item limit of (${MAX_TAXES}) on cart item.`,
    );
  }
  const { rows } = await db.query<TaxRow>(
    `insert into cart_item_taxes (item_id, name, jurisdiction, code, rate) values ($1, $2, $3, $4, $5)
     returning id, item_id, name, jurisdiction, code, rate`,
    [itemId, tax.name, tax.jurisdiction, tax.code, tax.rate],
  );
  if (rows[0] === undefined) throw new Error('An insert gave no row');
  return rows[0];
}

/** Taxes that come with a line take the place of those it has. */
export async function replaceTaxes(db: Queryable, itemId: string, taxes: readonly TaxItem[]): Promise<void> {
  await db.query('delete from cart_item_taxes where item_id = $1', [itemId]);
  for (const tax of taxes) await addTax(db, itemId, tax);
}
