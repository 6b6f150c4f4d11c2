import type { Queryable } from '../db.ts';
import type { CurrencyStyle } from '../money.ts';

/** A currency of the store, and how to print it. */
export interface Currency extends CurrencyStyle {
  id: string;
  exchangeRate: number;
  enabled: boolean;
  isDefault: boolean;
  createdAt: Date;
  updatedAt: Date;
}

const columns = `id, code, exchange_rate as "exchangeRate", format, decimal_point as "decimalPoint",
  thousand_separator as "thousandSeparator", decimal_places as "decimalPlaces", enabled, is_default as "isDefault",
  created_at as "createdAt", updated_at as "updatedAt"`;

/** All currencies, in the order of creation, then of ids: an order that any other store can keep. */
export async function listCurrencies(db: Queryable): Promise<Currency[]> {
  return (await db.query<Currency>(`select ${columns} from currencies order by created_at, id`)).rows;
}

export async function findCurrency(db: Queryable, id: string): Promise<Currency | undefined> {
  return (await db.query<Currency>(`select ${columns} from currencies where id = $1`, [id])).rows[0];
}

/** Finds a currency by ISO code, even a disabled one, because old carts and orders still print in it. */
export async function currencyByCode(db: Queryable, code: string): Promise<Currency | undefined> {
  return (await db.query<Currency>(`select ${columns} from currencies where code = $1`, [code])).rows[0];
}

/**
 * The default currency.
 * @throws Error when the store has none, which the schema does not allow
 */
export async function defaultCurrency(db: Queryable): Promise<Currency> {
  const { rows } = await db.query<Currency>(`select ${columns} from currencies where is_default`);
  if (rows[0] === undefined) throw new Error('The store has no default currency');
  return rows[0];
}

/** The members of a currency that clients write. */
export interface CurrencyInput {
  code?: string | undefined;
  exchangeRate?: number | undefined;
  format?: string | undefined;
  decimalPoint?: string | undefined;
  thousandSeparator?: string | undefined;
  decimalPlaces?: number | undefined;
  enabled?: boolean | undefined;
  isDefault?: boolean | undefined;
}

/** The unique constraint that fails when another currency has the code. */
export const codeTaken = 'currencies_code';

/** Blocks other writers of currencies until the transaction ends, because of the single default and the limit. */
export async function lockCurrencies(db: Queryable): Promise<void> {
  await db.query('lock table currencies in share row exclusive mode');
}

export async function insertCurrency(db: Queryable, input: CurrencyInput): Promise<Currency | undefined> {
  const { rows } = await db.query<Currency>(
    `insert into currencies
       (code, exchange_rate, format, decimal_point, thousand_separator, decimal_places, enabled, is_default)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${columns}`,
    valuesOf(input),
  );
  return rows[0];
}

/** Changes the given members; undefined if the currency does not exist. */
export async function updateCurrency(db: Queryable, id: string, input: CurrencyInput): Promise<Currency | undefined> {
  const { rows } = await db.query<Currency>(
    `update currencies set code = coalesce($2, code), exchange_rate = coalesce($3, exchange_rate),
       format = coalesce($4, format), decimal_point = coalesce($5, decimal_point),
       thousand_separator = coalesce($6, thousand_separator), decimal_places = coalesce($7, decimal_places),
       enabled = coalesce($8, enabled), is_default = coalesce($9, is_default), updated_at = now()
     where id = $1 returning ${columns}`,
    [id, ...valuesOf(input)],
  );
  return rows[0];
}

/** Unsets the default before another currency becomes the default; returns the old default. */
export async function unsetDefault(db: Queryable): Promise<Currency[]> {
  const { rows } = await db.query<Currency>(
    `update currencies set is_default = false, updated_at = now() where is_default returning ${columns}`,
  );
  return rows;
}

/** Deletes a currency. The prices in it are the products': their owner deletes them. */
export async function deleteCurrency(db: Queryable, currency: Currency): Promise<void> {
  await db.query('delete from currencies where id = $1', [currency.id]);
}

function valuesOf(input: CurrencyInput): unknown[] {
  return [
    input.code,
    input.exchangeRate,
    input.format,
    input.decimalPoint,
    input.thousandSeparator,
    input.decimalPlaces,
    input.enabled,
    input.isDefault,
  ];
}
