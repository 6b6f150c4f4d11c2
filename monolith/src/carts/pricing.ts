import type { Queryable } from '../db.ts';
import type { CalculationMethod, PricedLine } from '../money.ts';
import { loadSettings } from '../settings/store.ts';
import type { ItemRow, TaxRow } from './store.ts';

/** The members of a line that determine its price. */
export type PricedItem = Pick<ItemRow, 'id' | 'product_id' | 'sku' | 'quantity' | 'unit_amount' | 'includes_tax'> & {
  taxes: readonly Pick<TaxRow, 'rate'>[];
};

/** How carts are priced now. A cart without lines costs nothing by any method. */
export async function methodFor(db: Queryable, items: readonly unknown[]): Promise<CalculationMethod> {
  return items.length === 0 ? 'simple' : (await loadSettings(db)).calculationMethod;
}

/** A line as the calculation of totals needs it. */
export function pricedLine(item: PricedItem): PricedLine {
  return {
    unitAmount: item.unit_amount,
    quantity: item.quantity,
    includesTax: item.includes_tax,
    rates: item.taxes.map((tax) => tax.rate),
  };
}
