import type { MovedResource } from '@banyan/kit/import';
import type { Queryable } from '@banyan/kit/sqlite';
import Type, { type Static } from '@banyan/kit/typebox';
import type { Currencies, Currency } from './domain.ts';
import { readAll, writeAll } from './rows.ts';

/** The key of the one aggregate: a default that moves is a change of two currencies, which travel together. */
export const currenciesKey = 'currencies';

/** RFC 3339 in UTC, with microseconds. */
const Moment = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{6}Z$' });

const CurrencyState = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
  code: Type.String({ pattern: '^[A-Z]{3}$' }),
  // Both sides keep doubles, and JSON has the shortest text that means the same one.
  exchange_rate: Type.Number({ exclusiveMinimum: 0 }),
  format: Type.String(),
  decimal_point: Type.String(),
  thousand_separator: Type.String(),
  decimal_places: Type.Integer({ minimum: 0, maximum: 8 }),
  enabled: Type.Boolean(),
  is_default: Type.Boolean(),
  created_at: Moment,
  updated_at: Moment,
});
type CurrencyState = Static<typeof CurrencyState>;

/** All currencies as they travel, in the order of (creation, id). */
const CurrenciesState = Type.Object({
  currencies: Type.Refine(
    Type.Array(CurrencyState, { minItems: 1, maxItems: 1_000 }),
    (currencies) =>
      areDifferent(currencies.map(({ id }) => id)) &&
      areDifferent(currencies.map(({ code }) => code)) &&
      currencies.filter((currency) => currency.is_default).every(({ enabled }) => enabled) &&
      currencies.filter((currency) => currency.is_default).length === 1,
    () => 'must have ids and codes that differ, and one default that is enabled',
  ),
});
type CurrenciesState = Static<typeof CurrenciesState>;

/**
 * How the currencies move between the monolith and this service. Transitional. A code is unique within the aggregate
 * only, so none is ever set aside for another aggregate.
 */
export const currenciesImport: MovedResource<Queryable, CurrenciesState> = {
  name: 'currencies',
  group: 'currencies',
  schema: CurrenciesState,
  apply: async (tx, changes) => {
    for (const { key, state } of changes) {
      if (key === currenciesKey) await writeAll(tx, state === null ? [] : state.currencies.map(currencyIn));
    }
  },
  read: async (tx, keys) => {
    const all = keys.includes(currenciesKey) ? await readAll(tx) : [];
    return all.length === 0 ? new Map() : new Map([[currenciesKey, stateOf(all)]]);
  },
  keys: async (tx, { after, to, limit }) => {
    const isInRange = (after === null || currenciesKey > after) && (to === null || currenciesKey <= to) && limit > 0;
    return isInRange && (await readAll(tx)).length > 0 ? [currenciesKey] : [];
  },
  displaced: async () => 0,
};

const areDifferent = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;

const currencyIn = (state: CurrencyState): Currency => ({
  id: state.id,
  code: state.code,
  exchangeRate: state.exchange_rate,
  format: state.format,
  decimalPoint: state.decimal_point,
  thousandSeparator: state.thousand_separator,
  decimalPlaces: state.decimal_places,
  enabled: state.enabled,
  isDefault: state.is_default,
  createdAt: microsIn(state.created_at),
  updatedAt: microsIn(state.updated_at),
});

const stateOf = (all: Currencies): CurrenciesState => ({
  currencies: all.map((one) => ({
    id: one.id,
    code: one.code,
    exchange_rate: one.exchangeRate,
    format: one.format,
    decimal_point: one.decimalPoint,
    thousand_separator: one.thousandSeparator,
    decimal_places: one.decimalPlaces,
    enabled: one.enabled,
    is_default: one.isDefault,
    created_at: textOf(one.createdAt),
    updated_at: textOf(one.updatedAt),
  })),
});

/** `Date` has milliseconds only. */
const microsIn = (text: string): number => Date.parse(`${text.slice(0, 23)}Z`) * 1_000 + Number(text.slice(23, 26));

function textOf(micros: number): string {
  const milliseconds = Math.floor(micros / 1_000);
  const rest = String(micros - milliseconds * 1_000).padStart(3, '0');
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
}
