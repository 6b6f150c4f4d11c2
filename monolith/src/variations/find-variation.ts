import { notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';
import type { Debts } from '../debts.ts';
import {
  type ModifierRow,
  type OptionRow,
  selectVariations,
  type VariationRow,
  variationOrder,
} from './variation-rows.ts';

/** The variations with these ids, in the order of lists. Unknown ids are left out. */
export async function findVariations(db: Queryable, debts: Debts, ids: readonly string[]): Promise<VariationRow[]> {
  const known = ids.filter(isUuid);
  if (known.length === 0) return [];
  const bindings = new Bindings();
  const where = `v.id = any(${bindings.add(known)}::uuid[])`;
  return selectVariations(db, debts, { where, tail: `order by ${variationOrder}`, bindings });
}

/** @throws ShopError `not_found` when the variation does not exist */
export async function requireVariation(db: Queryable, debts: Debts, id: string): Promise<VariationRow> {
  const [found] = await findVariations(db, debts, [id]);
  if (found === undefined) throw missing('variation');
  return found;
}

/** @throws ShopError `not_found` when the variation has no such option */
export function requireOption({ options }: VariationRow, id: string): OptionRow {
  const found = options.find((option) => option.id === id.toLowerCase());
  if (found === undefined) throw missing('option');
  return found;
}

/** @throws ShopError `not_found` when the option has no such modifier */
export function requireModifier({ modifiers }: OptionRow, id: string): ModifierRow {
  const found = modifiers.find((modifier) => modifier.id === id.toLowerCase());
  if (found === undefined) throw missing('modifier');
  return found;
}

export function missing(what: 'variation' | 'option' | 'modifier') {
  return notFound(`The requested ${what} could not be found`, `${what[0]?.toUpperCase()}${what.slice(1)} not found`);
}
