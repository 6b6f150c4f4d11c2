import type { Modifier, ModifierType } from '../variations/modifier-types.ts';

export interface TemplatePrice {
  /** Minor units. */
  amount: number;
  currency: string;
  includes_tax: boolean;
}

/** The members of a product that modifiers change. */
export interface Template {
  name: string;
  slug: string;
  sku: string;
  description: string;
  commodity_type: 'physical' | 'digital';
  status: 'live' | 'draft';
  prices: readonly TemplatePrice[];
}

/** Picks the values of the modifiers of one type, in the order of the options. */
type Values = <T extends ModifierType>(type: T) => Extract<Modifier, { type: T }>['value'][];

/**
 * A child: its base with the modifiers of all its options, in the order of the variations. Whatever that order, a text
 * is first set, then its `{SEEK}`s are replaced, then it is extended; of several settings the last one counts. Only
 * prices of the base are changed, and a price that is set is not changed further. The result is not checked.
 */
export function applyModifiers(base: Template, modifiers: readonly Modifier[]): Template {
  const values: Values = (type) =>
    modifiers.flatMap((modifier) => (modifier.type === type ? [modifier.value] : [])) as never;
  const extended = (text: string, prepends: readonly string[], appends: readonly string[]) =>
    `${prepends.toReversed().join('')}${text}${appends.join('')}`;
  return {
    name: extended(values('name_equals').at(-1) ?? base.name, values('name_prepend'), values('name_append')),
    slug: extended(
      replaceSeeks(values('slug_equals').at(-1) ?? base.slug, values('slug_builder')),
      values('slug_prepend'),
      values('slug_append'),
    ),
    sku: extended(
      replaceSeeks(values('sku_equals').at(-1) ?? base.sku, values('sku_builder')),
      values('sku_prepend'),
      values('sku_append'),
    ),
    description: extended(
      values('description_equals').at(-1) ?? base.description,
      values('description_prepend'),
      values('description_append'),
    ),
    commodity_type: values('commoditytype').at(-1) ?? base.commodity_type,
    status: values('status').at(-1) ?? base.status,
    prices: base.prices.map((price) => priceWith(price, values)),
  };
}

/** `seek` may have its braces or not. */
function replaceSeeks(text: string, builders: readonly { seek: string; set: string }[]): string {
  return builders.reduce((built, { seek, set }) => {
    const bare = seek.startsWith('{') && seek.endsWith('}') ? seek.slice(1, -1) : seek;
    return built.replaceAll(`{${bare}}`, () => set);
  }, text);
}

function priceWith(price: TemplatePrice, values: Values): TemplatePrice {
  const inCurrency = (type: 'price_equals' | 'price_increment' | 'price_decrement') =>
    values(type)
      .flat()
      .filter(({ currency }) => currency === price.currency);
  const [equal] = inCurrency('price_equals').slice(-1);
  if (equal !== undefined)
    return { ...price, amount: equal.amount, includes_tax: equal.includes_tax ?? price.includes_tax };
  const sum = (type: 'price_increment' | 'price_decrement') =>
    inCurrency(type).reduce((total, { amount }) => total + amount, 0);
  return { ...price, amount: price.amount + sum('price_increment') - sum('price_decrement') };
}
