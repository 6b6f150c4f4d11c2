import Type, { type Static, type TObject } from 'typebox';
import { maxAmount } from '../money.ts';

const Currency = Type.String({ pattern: '^[A-Z]{3}$' });
const amountsFrom = (minimum: number) =>
  Type.Array(Type.Object({ currency: Currency, amount: Type.Integer({ minimum, maximum: maxAmount }) }), {
    maxItems: 100,
  });
const Percent = Type.Number({ exclusiveMinimum: 0, maximum: 100 });
const Targets = Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { minItems: 1, maxItems: 1_000 });
const Count = Type.Integer({ minimum: 1, maximum: 1_000 });

/** Amounts in minor units, one for each currency. */
export const Amounts = amountsFrom(0);
export type Amounts = Static<typeof Amounts>;

const Percents = Type.Array(Type.Object({ currency: Currency, percentage: Percent }), { maxItems: 100 });
const Requirements = Type.Array(Type.Object({ targets: Targets, quantity: Count }), { minItems: 1, maxItems: 20 });
const PositiveAmounts = amountsFrom(1);

/** What each type of promotion needs in `schema`. Targets are SKUs or ids of products. */
export const schemas = {
  fixed_discount: Type.Object({ currencies: PositiveAmounts }),
  percent_discount: Type.Object({ currencies: Percents }),
  x_for_y: Type.Object({ x: Count, y: Type.Integer({ minimum: 0, maximum: 1_000 }), targets: Targets }),
  x_for_amount: Type.Object({ x: Count, currencies: Amounts, targets: Targets }),
  bundle_fixed_discount: Type.Object({ requirements: Requirements, currencies: PositiveAmounts }),
  item_fixed_discount: Type.Object({ targets: Targets, currencies: PositiveAmounts }),
  item_percent_discount: Type.Object({ targets: Targets, percent: Percent }),
} as const satisfies Record<string, TObject>;

export type PromotionType = keyof typeof schemas;
export const promotionTypes = Object.keys(schemas) as PromotionType[];

/** The type of a promotion with its schema. */
export type Offer = {
  [T in PromotionType]: { promotion_type: T; schema: Static<(typeof schemas)[T]> };
}[PromotionType];

/** The amount in a currency; undefined if there is none. */
export function amountIn(amounts: Amounts, currency: string): number | undefined {
  return amounts.find((each) => each.currency === currency)?.amount;
}
