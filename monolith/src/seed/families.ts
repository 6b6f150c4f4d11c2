import { planChildren } from '../children/plan-children.ts';
import type { Modifier } from '../variations/modifier-types.ts';
import type { OptionRow, VariationRow } from '../variations/variation-rows.ts';
import { currencies } from './currencies.ts';
import { daysBefore, type Plan } from './plan.ts';
import type { SeededProduct } from './products.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';

/** Products with variations and the children that a build would make of them. */
export interface SeededFamilies {
  variations: readonly VariationRow[];
  /** Variations by product, in order. */
  attached: ReadonlyMap<string, readonly VariationRow[]>;
  /** Options by child, in the order of the variations. */
  options: ReadonlyMap<string, readonly { variationId: string; optionId: string }[]>;
}

const optionPlans = {
  Size: [
    { name: 'S', description: 'Small', text: ' S', code: 'S', dollars: 0 },
    { name: 'M', description: 'Medium', text: ' M', code: 'M', dollars: 0 },
    { name: 'L', description: 'Large', text: ' L', code: 'L', dollars: 500 },
  ],
  Finish: [
    { name: 'Plain', description: 'As it comes', text: ', plain', code: 'PL', dollars: 0 },
    { name: 'Oiled', description: 'Oiled by hand', text: ', oiled', code: 'OI', dollars: 1_000 },
  ],
} as const;

/**
 * Turns the last products into children of the first ones, so that the number of products stays the same. Returns the
 * products and their families.
 */
export function foundFamilies(
  plan: Plan,
  products: readonly SeededProduct[],
): { products: SeededProduct[]; families: SeededFamilies } {
  const variations = planVariations(plan);
  const bases = products.filter(({ digital }) => !digital).slice(0, plan.size.families);
  const attached = new Map(bases.map(({ id }, index) => [id, variations.slice(0, 1 + (index % variations.length))]));
  const plans = bases.flatMap((base) =>
    planChildren(templateOf(base), attached.get(base.id) ?? []).map((child) => ({ base, child })),
  );
  const first = products.length - plans.length;
  const options = new Map<string, SeededFamilies['options'] extends ReadonlyMap<string, infer O> ? O : never>();
  const all = products.map((product, index): SeededProduct => {
    const planned = plans[index - first];
    if (planned === undefined) return product;
    const { base, child } = planned;
    options.set(product.id, child.options);
    const { id, createdAt } = product;
    const { name, slug, sku, prices } = child;
    const amounts = Object.fromEntries(prices.map(({ currency, amount }) => [currency, amount]));
    return { ...base, id, createdAt, name, slug, sku, prices: amounts, parentId: base.id };
  });
  return { products: all, families: { variations, attached, options } };
}

function templateOf({ name, slug, sku, description, live, prices }: SeededProduct) {
  return {
    ...{
      name,
      slug,
      sku,
      description,
      commodity_type: 'physical' as const,
      status: live ? ('live' as const) : ('draft' as const),
    },
    prices: Object.entries(prices).map(([currency, amount]) => ({ currency, amount, includes_tax: true })),
  };
}

function planVariations(plan: Plan): VariationRow[] {
  const random = new Random(plan.seed, 'variations');
  // A millisecond apart, because lists are in the order of time.
  let at = daysBefore(plan, 900).getTime();
  const stamp = () => {
    at += 1;
    return { created_at: new Date(at), updated_at: new Date(at) };
  };
  return Object.entries(optionPlans).map(([name, options]) => ({
    ...{ id: random.uuid(), name, ...stamp() },
    options: options.map((option): OptionRow => {
      const modifiers = modifiersOf(option).map((modifier) => ({ ...modifier, id: random.uuid() }));
      return { id: random.uuid(), name: option.name, description: option.description, ...stamp(), modifiers };
    }),
  }));
}

function modifiersOf({ text, code, dollars }: { text: string; code: string; dollars: number }): Modifier[] {
  const value = currencies.map(({ code: currency, rate }) => ({ amount: Math.round(dollars * rate), currency }));
  return [
    { type: 'name_append', value: text },
    { type: 'slug_append', value: `-${code.toLowerCase()}` },
    { type: 'sku_append', value: `-${code}` },
    ...(dollars > 0 ? [{ type: 'price_increment' as const, value }] : []),
  ];
}

export function familyTables({ variations, attached, options }: SeededFamilies): Table[] {
  const allOptions = variations.flatMap((variation) =>
    variation.options.map((option) => ({ ...option, variationId: variation.id })),
  );
  return [
    {
      name: 'variations',
      columns: ['id', 'name', 'created_at', 'updated_at'],
      rows: variations.map((each): Cell[] => [each.id, each.name, each.created_at, each.updated_at]),
    },
    {
      name: 'variation_options',
      columns: ['id', 'variation_id', 'name', 'description', 'created_at', 'updated_at'],
      rows: allOptions.map((each): Cell[] => [
        ...[each.id, each.variationId, each.name, each.description, each.created_at, each.updated_at],
      ]),
    },
    {
      name: 'option_modifiers',
      columns: ['id', 'option_id', 'modifier_type', 'value', 'created_at', 'updated_at'],
      rows: allOptions.flatMap((option) =>
        option.modifiers.map(({ id, type, value }, index): Cell[] => {
          const at = new Date(option.created_at.getTime() + index);
          return [id, option.id, type, { json: value }, at, at];
        }),
      ),
    },
    {
      name: 'product_variations',
      columns: ['product_id', 'variation_id', 'position'],
      rows: [...attached].flatMap(([id, list]) => list.map((each, position): Cell[] => [id, each.id, position])),
    },
    {
      name: 'child_options',
      columns: ['child_id', 'position', 'variation_id', 'option_id'],
      rows: [...options].flatMap(([id, list]) =>
        list.map(({ variationId, optionId }, position): Cell[] => [id, position, variationId, optionId]),
      ),
    },
  ];
}
