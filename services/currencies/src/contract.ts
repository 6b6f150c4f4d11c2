import Type, { type Static } from '@banyan/kit/typebox';

/** What other services may import from this one: paths, bodies, and the facts that it publishes. */
export const paths = {
  currencies: '/v2/currencies',
  currency: '/v2/currencies/:id',
} as const;

const Separator = Type.String({ maxLength: 4 });
/** Clients also send numbers as text. */
const NumberLike = Type.Union([Type.Number(), Type.String({ pattern: '^\\d{1,12}(\\.\\d{1,12})?$' })]);

const needed = {
  /** ISO 4217, in either case. Unique. */
  code: Type.String({ pattern: '^[A-Za-z]{3}$' }),
  /** How a price is printed, such as `${price}`. */
  format: Type.String({ maxLength: 64, pattern: '\\{price\\}' }),
};
const optional = {
  /** Units of this currency for one of the store's default. Greater than zero. */
  exchange_rate: NumberLike,
  decimal_point: Separator,
  thousand_separator: Separator,
  /** A whole number from 0 to 8. */
  decimal_places: NumberLike,
  default: Type.Boolean(),
  enabled: Type.Boolean(),
};

/** `data` of POST /v2/currencies. Other members are ignored; `type` may be missing. */
export const NewCurrency = Type.Object({ ...needed, ...Type.Partial(Type.Object(optional)).properties });
export type NewCurrency = Static<typeof NewCurrency>;

/** `data` of PUT /v2/currencies/:id: members that are absent keep their value. */
export const CurrencyChange = Type.Partial(Type.Object({ id: Type.String(), ...needed, ...optional }));
export type CurrencyChange = Static<typeof CurrencyChange>;

/** A currency in replies. */
export interface CurrencyView {
  id: string;
  type: 'currency';
  code: string;
  exchange_rate: number;
  format: string;
  decimal_point: string;
  thousand_separator: string;
  decimal_places: number;
  default: boolean;
  enabled: boolean;
  links: { self: string };
  meta: { timestamps: { created_at: string; updated_at: string } };
}

/** The facts about currencies, each with the version of its schema, which only ever grows. */
export const events = {
  created: { type: 'currency.created', version: 1 },
  updated: { type: 'currency.updated', version: 1 },
  /** Its state is null. */
  deleted: { type: 'currency.deleted', version: 1 },
} as const;

/** The state that `currency.created` and `currency.updated` carry. */
export interface CurrencyFact {
  data: CurrencyView;
}
