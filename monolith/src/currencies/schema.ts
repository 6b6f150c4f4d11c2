import Type, { type Static } from 'typebox';
import type { CurrencyInput } from './store.ts';

const Separator = Type.String({ maxLength: 4 });
// Clients also send numbers as text.
const NumberLike = Type.Union([Type.Number(), Type.String({ pattern: '^\\d{1,12}(\\.\\d{1,12})?$' })]);

const members = {
  exchange_rate: NumberLike,
  decimal_point: Separator,
  thousand_separator: Separator,
  decimal_places: NumberLike,
  default: Type.Boolean(),
  enabled: Type.Boolean(),
};
const code = Type.String({ pattern: '^[A-Za-z]{3}$' });
const format = Type.String({ maxLength: 64, pattern: '\\{price\\}' });

// `type` is not required: clients send the body of a currency as their user wrote it.
export const NewCurrency = Type.Object({ code, format, ...Type.Partial(Type.Object(members)).properties });
export const CurrencyUpdate = Type.Partial(Type.Object({ id: Type.String(), code, format, ...members }));

export function inputOf(data: Static<typeof CurrencyUpdate>): CurrencyInput {
  return {
    code: data.code?.toUpperCase(),
    exchangeRate: numberOf(data.exchange_rate),
    format: data.format,
    decimalPoint: data.decimal_point,
    thousandSeparator: data.thousand_separator,
    decimalPlaces: numberOf(data.decimal_places),
    enabled: data.enabled,
    isDefault: data.default,
  };
}

function numberOf(value: number | string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
