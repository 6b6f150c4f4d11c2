import type { Queryable } from '../db.ts';
import type { CalculationMethod } from '../money.ts';

/** The most records on a page, whatever the client or the settings ask for. */
export const maxPageLength = 100;

/** The settings of the store; one row. */
export interface Settings {
  /** Records on a page, if the client gives no limit. */
  pageLength: number;
  listChildProducts: boolean;
  additionalLanguages: string[];
  calculationMethod: CalculationMethod;
}

const columns = `page_length as "pageLength", list_child_products as "listChildProducts",
  additional_languages as "additionalLanguages", calculation_method as "calculationMethod"`;

export async function loadSettings(db: Queryable): Promise<Settings> {
  const { rows } = await db.query<Settings>(`select ${columns} from settings`);
  if (rows[0] === undefined) throw new Error('The store has no settings');
  return rows[0];
}

/** Changes the given members and keeps the rest. */
export async function saveSettings(db: Queryable, change: Partial<Settings>): Promise<Settings> {
  const { rows } = await db.query<Settings>(
    `update settings set page_length = coalesce($1, page_length),
       list_child_products = coalesce($2, list_child_products),
       additional_languages = coalesce($3, additional_languages),
       calculation_method = coalesce($4, calculation_method),
       updated_at = now()
     returning ${columns}`,
    [change.pageLength, change.listChildProducts, change.additionalLanguages, change.calculationMethod],
  );
  if (rows[0] === undefined) throw new Error('The store has no settings');
  return rows[0];
}
