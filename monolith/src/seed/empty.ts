import type { PoolClient } from '../db.ts';

/**
 * Empties tables and restarts their counters. TRUNCATE is quick, but a trigger on it refuses it, or has to be told of
 * each row: such a table, and every table that it references, loses its rows one by one.
 *
 * @param tables all of them, with those that reference them
 * @returns the tables whose rows were deleted one by one
 */
export async function emptyTables(client: PoolClient, tables: readonly string[]): Promise<string[]> {
  const { kept, references } = await keptRows(client, tables);
  const rest = tables.filter((table) => !kept.includes(table));
  if (rest.length > 0) await client.query(`truncate ${rest.join(', ')} restart identity`);
  for (const table of referencingFirst(kept, references)) await client.query(`delete from ${table}`);
  await restartCounters(client, kept);
  return kept;
}

interface Reference {
  from: string;
  to: string;
}

async function keptRows(client: PoolClient, tables: readonly string[]) {
  const { rows: guarded } = await client.query<{ name: string }>(
    `select distinct tgrelid::regclass::text as name from pg_trigger
     where tgrelid = any($1::text[]::regclass[]) and not tgisinternal and tgenabled <> 'D' and tgtype & 32 = 32`,
    [tables],
  );
  const { rows: references } = await client.query<Reference>(
    `select conrelid::regclass::text as "from", confrelid::regclass::text as "to" from pg_constraint
     where contype = 'f' and conrelid <> confrelid and conrelid = any($1::text[]::regclass[])
       and confrelid = any($1::text[]::regclass[])`,
    [tables],
  );
  const kept = new Set(guarded.map(({ name }) => name));
  // A set also goes through what is added on the way.
  for (const table of kept) for (const { from, to } of references) if (from === table) kept.add(to);
  return { kept: [...kept], references };
}

/** A row cannot be deleted before those that reference it. */
function referencingFirst(tables: readonly string[], references: readonly Reference[]): string[] {
  const left = new Set(tables);
  const sorted: string[] = [];
  while (left.size > 0) {
    const free = [...left].filter((table) => !references.some(({ from, to }) => to === table && left.has(from)));
    if (free.length === 0) throw new Error(`these tables reference each other in a circle: ${[...left].join(', ')}`);
    for (const table of free) left.delete(table);
    sorted.push(...free);
  }
  return sorted;
}

async function restartCounters(client: PoolClient, tables: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select counter.oid::regclass::text as name from pg_class as counter join pg_depend on objid = counter.oid
     where counter.relkind = 'S' and deptype in ('a', 'i') and refobjid = any($1::text[]::regclass[])`,
    [tables],
  );
  for (const { name } of rows) await client.query(`alter sequence ${name} restart`);
}
