import { mariadbReplies } from '../../once/engines.ts';
import { duplicateKeyIn } from '../../store/mariadb/errors.ts';
import type { MariadbQueryable } from '../../store/mariadb/run.ts';
import { statement } from '../../store/statement.ts';
import type { Words } from './words.ts';

const idsAs = (name: string) =>
  `json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as ${name}`;
const slugs = `json_table(?, '$[*]' columns (id char(36) path '$.id', slug_held varchar(2040) path '$.slug_held')) as incoming`;

/** Groups in MariaDB. The unique key of slugs is `<table>_slug`; `family_lock` and `field_lock` are tables of one row. */
export const mariadbWords: Words<MariadbQueryable> = {
  idsAs,
  join: 'straight_join',
  forUpdate: 'for update',
  orReplace: (columns) => `on duplicate key update ${columns.map((name) => `${name} = values(${name})`).join(', ')}`,
  deleteOf: (table, column) =>
    `delete ${table} from ${idsAs('incoming')} straight_join ${table} on ${table}.${column} = incoming.id`,
  setAside: (table) =>
    `update ${slugs} straight_join ${table}
       on ${table}.slug_held = unhex(incoming.slug_held) and ${table}.id <> incoming.id
     set ${table}.slug_held = null`,
  // `concat` makes a text of the JSON that was found, which is then compared as text: the same value is always written alike.
  holdsValue: "concat(json_extract(field_values, ?), '') = ?",
  lock: async (tx, name) => {
    await tx.query(statement(`groups_${name}`, `select one from ${name} where one = 1 for update`), []);
  },
  runMany: (tx, one, rows) => tx.runMany(one, rows),
  isSlugTaken: (error, table) => duplicateKeyIn(error) === `${table}_slug`,
  replies: mariadbReplies,
};
