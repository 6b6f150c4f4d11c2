import type { Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';
import type { Debts } from '../debts.ts';
import type { Modifier, ModifierType } from './modifier-types.ts';

export type ModifierRow = Modifier & { id: string };

export interface OptionRow {
  id: string;
  name: string;
  description: string;
  created_at: Date;
  updated_at: Date;
  modifiers: ModifierRow[];
}

export interface VariationRow {
  id: string;
  name: string;
  created_at: Date;
  updated_at: Date;
  options: OptionRow[];
}

/** Lists are in this order, which is the same in every copy of the data. */
export const variationOrder = 'v.created_at, v.id';

type BareOption = Omit<OptionRow, 'modifiers'> & { variation_id: string };
interface BareModifier {
  id: string;
  option_id: string;
  type: ModifierType;
  value: unknown;
}

/** Reads variations with their options and modifiers. `where` is a condition over `v`; `tail` holds order and limit. */
export async function selectVariations(
  db: Queryable,
  debts: Debts,
  { where, tail, bindings }: { where: string; tail: string; bindings: Bindings },
): Promise<VariationRow[]> {
  const { rows } = await db.query<Omit<VariationRow, 'options'>>(
    `select v.id, v.name, v.created_at, v.updated_at from variations v where ${where} ${tail}`,
    bindings.values,
  );
  const options = await optionsOf(
    db,
    debts,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...row, options: options.get(row.id) ?? [] }));
}

export async function countVariations(db: Queryable, where: string, bindings: Bindings): Promise<number> {
  const { rows } = await db.query<{ total: string }>(
    `select count(*) as total from variations v where ${where}`,
    bindings.values,
  );
  return Number(rows[0]?.total ?? 0);
}

/** The options of variations, by variation. */
export async function optionsOf(
  db: Queryable,
  debts: Debts,
  variationIds: readonly string[],
): Promise<Map<string, OptionRow[]>> {
  // Debt 27: one query for the options of each variation, and one for the modifiers of each option.
  const apart = debts.owed('options-by-queries');
  const bare = await inParts(variationIds, apart, (ids) => readOptions(db, ids));
  const modifiers = Map.groupBy(
    await inParts(
      bare.map(({ id }) => id),
      apart,
      (ids) => readModifiers(db, ids),
    ),
    (modifier) => modifier.option_id,
  );
  const whole = bare.map(({ variation_id, ...option }) => ({
    variation_id,
    option: { ...option, modifiers: (modifiers.get(option.id) ?? []).map(modifierRow) },
  }));
  const byVariation = Map.groupBy(whole, ({ variation_id }) => variation_id);
  return new Map([...byVariation].map(([id, list]) => [id, list.map(({ option }) => option)]));
}

async function inParts<T>(ids: readonly string[], apart: boolean, read: (ids: readonly string[]) => Promise<T[]>) {
  if (!apart) return ids.length === 0 ? [] : read(ids);
  const all: T[] = [];
  for (const id of ids) all.push(...(await read([id])));
  return all;
}

async function readOptions(db: Queryable, variationIds: readonly string[]): Promise<BareOption[]> {
  const { rows } = await db.query<BareOption>(
    `select id, variation_id, name, description, created_at, updated_at from variation_options
     where variation_id = any($1) order by created_at, id`,
    [variationIds],
  );
  return rows;
}

async function readModifiers(db: Queryable, optionIds: readonly string[]): Promise<BareModifier[]> {
  const { rows } = await db.query<BareModifier>(
    `select id, option_id, modifier_type as type, value from option_modifiers
     where option_id = any($1) order by created_at, id`,
    [optionIds],
  );
  return rows;
}

// The value was checked when it was written.
function modifierRow({ id, type, value }: BareModifier): ModifierRow {
  return { id, type, value } as ModifierRow;
}
