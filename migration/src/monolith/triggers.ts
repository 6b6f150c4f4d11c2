import { notOwner } from '../resources/not-owner.ts';
import type { CapturedTable, Resource } from '../resources/resource.ts';

/** The advisory lock that every write of a group takes shared, and a change of its owner exclusively. */
export const fenceLock = (group: string): string => `hashtextextended('migration fence ${group}', 0)`;

/**
 * The statements that capture a resource and fence its tables. Notes are taken row by row: they name the aggregate and
 * nothing else, so what is sent is read later, whole. A cascade fires triggers of statements on no rows at all, so the
 * fence stands before each row as well.
 */
export function triggersOf({ name, group, tables }: Resource): string[] {
  const suffix = name.replaceAll('-', '_');
  return [
    `create or replace function migration.lock_${suffix}() returns trigger language plpgsql as $$
     begin
       perform pg_advisory_xact_lock_shared(${fenceLock(group)});
       return null;
     end $$`,
    ...tables
      .filter(({ shared }) => !shared)
      .map(
        ({
          name: table,
          skipped,
        }) => `create or replace function migration.refuse_${suffix}_${table}() returns trigger language plpgsql as $$
     begin
       perform pg_advisory_xact_lock_shared(${fenceLock(group)});
       if not exists (select from migration.ownership where group_name = '${group}' and state = 'owner') then
         ${skipped ? `if tg_op = 'DELETE' then if ${skipped('old')} then return null; end if; end if;` : ''}
         raise exception '${name} are not written here'
           using errcode = '${notOwner}', hint = 'the service owns them: npm run migrate -- switch ${name} monolith';
       end if;
       return case when tg_op = 'DELETE' then old else new end;
     end $$`,
      ),
    `create or replace function migration.refuse_truncate_${suffix}() returns trigger language plpgsql as $$
     begin
       raise exception 'the migration of ${name} cannot follow TRUNCATE'
         using hint = 'delete the rows, or run: npm run migrate -- detach ${name}';
     end $$`,
    // All functions come first: the statements after them lock the tables.
    ...tables.map(
      ({ name: table, key }) =>
        // A row of a table below the root finds its key through the root, which is gone if both are deleted.
        `create or replace function migration.note_${suffix}_${table}() returns trigger language plpgsql as $$
       declare
         earlier text := case when tg_op <> 'INSERT' then ${keyOf(name, key, 'old')}::text end;
         later text := case when tg_op <> 'DELETE' then ${keyOf(name, key, 'new')}::text end;
       begin
         insert into migration.notes (resource, key)
           select distinct '${name}', key from unnest(array[earlier, later]) as keys (key) where key is not null;
         return null;
       end $$`,
    ),
    ...tables.flatMap((table) => [
      ...triggersOn(table, suffix).map((trigger) => `drop trigger if exists ${trigger} on ${table.name}`),
      ...(table.shared ? [] : fenceOf(table.name, suffix)),
      `create trigger ${truncateTrigger(table, suffix)} before truncate on ${table.name}
         for each statement execute function migration.refuse_truncate_${suffix}()`,
      `create trigger ${noteTrigger(table, suffix)} after insert or update or delete on ${table.name}
         for each row execute function migration.note_${suffix}_${table.name}()`,
    ]),
  ];
}

const fenceOf = (table: string, suffix: string): string[] => [
  `create trigger migration_lock before insert or update or delete on ${table}
     for each statement execute function migration.lock_${suffix}()`,
  `create trigger migration_refuse before insert or update or delete on ${table}
     for each row execute function migration.refuse_${suffix}_${table}()`,
];

/** SQL of the key of a row's aggregate. */
function keyOf(name: string, key: CapturedTable['key'], row: string): string {
  if (key === null) return `'${name}'`;
  return typeof key === 'string' ? `${row}.${key}` : key(row);
}

/** The statements that give a resource up. */
export function dropsOf({ name, tables }: Resource): string[] {
  const suffix = name.replaceAll('-', '_');
  return [
    ...tables.flatMap((table) => [
      ...triggersOn(table, suffix).map((trigger) => `drop trigger if exists ${trigger} on ${table.name}`),
      ...['note', 'refuse'].map((what) => `drop function if exists migration.${what}_${suffix}_${table.name}()`),
    ]),
    ...['lock', 'refuse', 'refuse_truncate'].map((what) => `drop function if exists migration.${what}_${suffix}()`),
  ];
}

/** Several resources note the rows of a shared table, each by triggers of its own. */
const named = (trigger: string, { shared }: CapturedTable, suffix: string): string =>
  shared ? `${trigger}_${suffix}` : trigger;

const noteTrigger = (table: CapturedTable, suffix: string): string => named('migration_note', table, suffix);
const truncateTrigger = (table: CapturedTable, suffix: string): string => named('migration_truncate', table, suffix);

const triggersOn = (table: CapturedTable, suffix: string): string[] => [
  ...(table.shared ? [] : ['migration_lock', 'migration_refuse']),
  truncateTrigger(table, suffix),
  noteTrigger(table, suffix),
];
