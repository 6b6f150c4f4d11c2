import Type, { type Static, type TSchema } from 'typebox';
import { failedValidation } from '../api/faults.ts';
import { LongText, ShortText, Status } from '../api/text.ts';
import { type Check, checker } from '../api/validate.ts';
import { maxAmount } from '../money.ts';

const Prices = Type.Array(
  Type.Object({
    amount: Type.Integer({ minimum: 0, maximum: maxAmount }),
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    includes_tax: Type.Optional(Type.Boolean()),
  }),
  { minItems: 1, maxItems: 100 },
);
const Builder = Type.Object({ seek: ShortText, set: Type.String({ maxLength: 255 }) });
const CommodityType = Type.Enum(['physical', 'digital']);

/** The value of each type of modifier. */
const valueSchemas = {
  name_equals: ShortText,
  name_append: ShortText,
  name_prepend: ShortText,
  description_equals: LongText,
  description_append: LongText,
  description_prepend: LongText,
  slug_equals: ShortText,
  slug_append: ShortText,
  slug_prepend: ShortText,
  slug_builder: Builder,
  sku_equals: ShortText,
  sku_append: ShortText,
  sku_prepend: ShortText,
  sku_builder: Builder,
  price_equals: Prices,
  price_increment: Prices,
  price_decrement: Prices,
  commoditytype: CommodityType,
  status: Status,
} as const satisfies Record<string, TSchema>;

export type ModifierType = keyof typeof valueSchemas;
export const modifierTypes = Object.keys(valueSchemas) as ModifierType[];

/** A modifier with the value that its type takes. */
export type Modifier = { [T in ModifierType]: { type: T; value: Static<(typeof valueSchemas)[T]> } }[ModifierType];

const checks = Object.fromEntries(
  Object.entries(valueSchemas).map(([type, schema]) => [type, checker(schema, 'data.value')]),
) as Record<ModifierType, Check<TSchema>>;

/**
 * A modifier whose value fits its type.
 * @throws ShopError `validation_failed` when the value does not fit
 */
export function modifierOf(type: ModifierType, value: unknown): Modifier {
  if (value === undefined) throw wrongValue('is required');
  const modifier = { type, value: checks[type](value) } as Modifier;
  if (modifier.type === 'price_equals' || modifier.type === 'price_increment' || modifier.type === 'price_decrement') {
    const currencies = modifier.value.map(({ currency }) => currency);
    if (new Set(currencies).size < currencies.length) throw wrongValue('holds a currency twice');
  }
  return modifier;
}

function wrongValue(complaint: string) {
  return failedValidation([{ detail: `The data.value field ${complaint}.`, source: 'data.value' }]);
}
