import type { Pool } from '../db.ts';
import { seededTables } from './seed.ts';

/** The data in a shop before a seed replaces it. */
export interface Holdings {
  /** Rows by table. */
  rows: Readonly<Record<string, number>>;
  /** Rows written after the last seed, by table. Tables without such rows are left out. */
  written: Readonly<Record<string, number>>;
}

/** The tables to name in a warning about lost data. */
const tableNames: Readonly<Record<string, string>> = {
  products: 'products',
  customers: 'customers',
  orders: 'orders',
  carts: 'carts',
  api_clients: 'API clients',
  access_tokens: 'access tokens',
};

/**
 * Counts the rows of the shop, and the rows that no seed wrote. A seed writes everything in one transaction, so all of
 * its rows carry one transaction id (`xmin`, PostgreSQL 5.6 "System Columns"). A row with a different id was written
 * or changed by use.
 */
export async function holdingsOf(db: Pool): Promise<Holdings> {
  const tables = [...seededTables, 'settings', 'gateways'];
  const counts = await Promise.all(
    tables.map(async (table) => {
      const text = `select xmin::text as writer, count(*)::int as rows from ${table} group by 1`;
      return (await db.query<{ writer: string; rows: number }>(text)).rows.map((row) => ({ table, ...row }));
    }),
  );
  const all = counts.flat();
  const seeded = seedOf(all);
  return {
    rows: byTable(all),
    written: byTable(all.filter(({ writer }) => writer !== seeded)),
  };
}

/** The transaction that wrote in the most tables: a seed writes in nearly all of them, requests in a few. */
function seedOf(all: readonly { writer: string; table: string }[]): string | undefined {
  const tables = new Map<string, number>();
  for (const { writer } of all) tables.set(writer, (tables.get(writer) ?? 0) + 1);
  return [...tables].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function byTable(all: readonly { table: string; rows: number }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { table, rows } of all) counts[table] = (counts[table] ?? 0) + rows;
  return counts;
}

export function isInUse({ written }: Holdings): boolean {
  return Object.keys(written).length > 0;
}

/** For example `60 products, 200 customers, 2,000 access tokens`. */
export function holdingsText({ rows }: Holdings): string {
  return Object.entries(tableNames)
    .filter(([table]) => (rows[table] ?? 0) > 0)
    .map(([table, name]) => `${(rows[table] ?? 0).toLocaleString('en')} ${name}`)
    .join(', ');
}

/** For example `3 in access_tokens, 1 in orders`. */
export function writtenText({ written }: Holdings): string {
  return Object.entries(written)
    .map(([table, rows]) => `${rows.toLocaleString('en')} in ${table}`)
    .join(', ');
}
