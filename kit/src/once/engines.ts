import { dollars } from '../store/sql/dollars.ts';
import { keptForUs } from './kept-reply.ts';
import { sqlReplies } from './sql.ts';

/** The members of a row that a new claim sets. The moment is last: MariaDB sets from left to right. */
const claimed = { body_hash: 'new', status: null, reply: null, owner: null, created_at_us: 'new' } as const;

/** In the words of PostgreSQL and SQLite. A row that the condition leaves as it is is locked all the same. */
const onConflict = {
  orClaim: `on conflict (hash) do update set ${Object.entries(claimed)
    .map(([column, value]) => `${column} = ${value === null ? 'null' : `excluded.${column}`}`)
    .join(', ')}
    where keyed_replies.created_at_us <= excluded.created_at_us - ${keptForUs}`,
  orReplace: (columns: readonly string[]) =>
    `on conflict (hash) do update set ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
};

const onDuplicate = {
  orClaim: `on duplicate key update ${Object.entries(claimed)
    .map(([column, value]) => {
      const next = value === null ? 'null' : `values(${column})`;
      return `${column} = if(created_at_us <= values(created_at_us) - ${keptForUs}, ${next}, ${column})`;
    })
    .join(', ')}`,
  orReplace: (columns: readonly string[]) =>
    `on duplicate key update ${columns.map((column) => `${column} = values(${column})`).join(', ')}`,
};

/** Kept replies in PostgreSQL. */
export const postgresReplies = sqlReplies({ dialect: dollars, ...onConflict });

/** Kept replies in MariaDB. */
export const mariadbReplies = sqlReplies({ dialect: (text) => text, ...onDuplicate });

/** Kept replies in SQLite. */
export const sqliteReplies = sqlReplies({ dialect: (text) => text, ...onConflict });
