import { type Queryable, statement } from '@banyan/kit/sqlite';
import type { Settings } from './domain.ts';

/** The settings as the table holds them. */
interface Row {
  page_length: number;
  list_child_products: number;
  additional_languages: string;
  calculation_method: 'simple' | 'line';
  updated_at_us: number;
}

const columns = 'page_length, list_child_products, additional_languages, calculation_method, updated_at_us';
const select = statement<Row>('settings', `select ${columns} from settings`);
const clear = statement<object>('settings_clear', 'delete from settings');
const insert = statement<object, (string | number)[]>(
  'settings_insert',
  `insert into settings (${columns}) values (?, ?, ?, ?, ?)`,
);

/** Null: they have not come from their owner yet. */
export async function readSettings(db: Queryable): Promise<Settings | null> {
  const [row] = await db.query(select, []);
  if (row === undefined) return null;
  return {
    pageLength: row.page_length,
    listChildProducts: row.list_child_products === 1,
    additionalLanguages: JSON.parse(row.additional_languages) as string[],
    calculationMethod: row.calculation_method,
    updatedAt: row.updated_at_us,
  };
}

/** Replaces the row; null: there is none afterwards. In a transaction. */
export async function writeSettings(tx: Queryable, settings: Settings | null): Promise<void> {
  await tx.run(clear, []);
  if (settings === null) return;
  const { pageLength, listChildProducts, additionalLanguages, calculationMethod, updatedAt } = settings;
  await tx.run(insert, [
    ...[pageLength, Number(listChildProducts), JSON.stringify(additionalLanguages), calculationMethod, updatedAt],
  ]);
}
