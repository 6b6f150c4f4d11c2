import { sqliteReplies } from '../../once/engines.ts';
import { uniqueColumnIn } from '../../store/sqlite/errors.ts';
import type { Queryable } from '../../store/statement.ts';
import type { Words } from './words.ts';

/** Groups in SQLite. A transaction has the only lock from its beginning, so that nothing in it needs one of its own. */
export const sqliteWords: Words<Queryable> = {
  idsAs: (name) => `(select value as id from json_each(?)) as ${name}`,
  join: 'cross join',
  forUpdate: '',
  orReplace: (columns) =>
    `on conflict (id) do update set ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`,
  deleteOf: (table, column) => `delete from ${table} where ${column} in (select value from json_each(?))`,
  setAside: (table) =>
    `update ${table} set slug_held = null
     from (select json_extract(value, '$.id') as id, unhex(json_extract(value, '$.slug_held')) as slug_held
           from json_each(?)) as incoming
     where ${table}.slug_held = incoming.slug_held and ${table}.id <> incoming.id`,
  holdsValue: 'field_values -> ? = ?',
  lock: async () => {},
  runMany: async (tx, one, rows) => {
    for (const values of rows) await tx.run(one, values);
  },
  isSlugTaken: (error, table) => uniqueColumnIn(error) === `${table}.slug_held`,
  replies: sqliteReplies,
};
