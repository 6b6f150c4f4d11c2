import type { Queryable } from '../db.ts';
import type { CurrencyStyle } from '../money.ts';

/** A currency of the store, with how it prints. */
export interface Currency extends CurrencyStyle {
  id: string;
  exchangeRate: number;
  enabled: boolean;
  isDefault: boolean;
  createdAt: Date;
  updatedAt: Date;
}

const COLUMNS = `id, code, exchange_rate as "exchangeRate", format, decimal_point as "decimalPoint",
  thousand_separator as "thousandSeparator", decimal_places as "decimalPlaces", enabled, is_default as "isDefault",
  created_at as "createdAt", updated_at as "updatedAt"`;

/** All currencies, in the order in which they were made. */
export async function listCurrencies(db: Queryable): Promise<Currency[]> {
  return (await db.query<Currency>(`select ${COLUMNS} from currencies order by seq`)).rows;
}

export async function findCurrency(db: Queryable, id: string): Promise<Currency | undefined> {
  return (await db.query<Currency>(`select ${COLUMNS} from currencies where id = $1`, [id])).rows[0];
}

/** By ISO code; also one that is not enabled, because old carts and orders still print in it. */
export async function currencyByCode(db: Queryable, code: string): Promise<Currency | undefined> {
  return (await db.query<Currency>(`select ${COLUMNS} from currencies where code = $1`, [code])).rows[0];
}

/** The one default currency. Throws where the store has none, which its schema does not allow. */
export async function defaultCurrency(db: Queryable): Promise<Currency> {
  const { rows } = await db.query<Currency>(`select ${COLUMNS} from currencies where is_default`);
  if (rows[0] === undefined) throw new Error('The store has no default currency');
  return rows[0];
}
