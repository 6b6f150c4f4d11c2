import { type Queryable, statement } from '@banyan/kit/sqlite';
import type { Currencies, Currency } from './domain.ts';

/** A currency as the table holds it. */
interface Row {
  id: string;
  code: string;
  exchange_rate: number;
  format: string;
  decimal_point: string;
  thousand_separator: string;
  decimal_places: number;
  enabled: number;
  is_default: number;
  created_at_us: number;
  updated_at_us: number;
}

const columns = `id, code, exchange_rate, format, decimal_point, thousand_separator, decimal_places, enabled, is_default,
  created_at_us, updated_at_us`;
const select = statement<Row>('currencies', `select ${columns} from currencies order by created_at_us, id`);
const clear = statement<object>('currencies_clear', 'delete from currencies');
const insert = statement<object, (string | number)[]>(
  'currencies_insert',
  `insert into currencies (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);

export async function readAll(db: Queryable): Promise<Currencies> {
  return (await db.query(select, [])).map(currencyOf);
}

/** Replaces all rows. In a transaction. */
export async function writeAll(tx: Queryable, currencies: Currencies): Promise<void> {
  await tx.run(clear, []);
  for (const one of currencies) {
    await tx.run(insert, [
      ...[one.id, one.code, one.exchangeRate, one.format, one.decimalPoint, one.thousandSeparator, one.decimalPlaces],
      ...[Number(one.enabled), Number(one.isDefault), one.createdAt, one.updatedAt],
    ]);
  }
}

function currencyOf(row: Row): Currency {
  return {
    id: row.id,
    code: row.code,
    exchangeRate: row.exchange_rate,
    format: row.format,
    decimalPoint: row.decimal_point,
    thousandSeparator: row.thousand_separator,
    decimalPlaces: row.decimal_places,
    enabled: row.enabled === 1,
    isDefault: row.is_default === 1,
    createdAt: row.created_at_us,
    updatedAt: row.updated_at_us,
  };
}
