import { type Queryable, statement } from '../../store/statement.ts';
import type { MovedResource } from '../moved-resource.ts';
import { Thing } from './subject.ts';

/** What differs between the engines. `?` stands for a value. */
export interface ThingsDialect {
  /** A query of (id) for a JSON array of ids. */
  elements: string;
  placeholder(text: string): string;
  /** A value that may be null. */
  nullable: string;
  upsert: string;
}

/** Things in a table of (id, name), with unique names that may be null. */
export function thingsIn({ elements, placeholder, nullable, upsert }: ThingsDialect): {
  resource: MovedResource<Queryable, Thing>;
  put(tx: Queryable, key: string, name: string): Promise<void>;
} {
  const read = statement<{ id: string; name: string | null }, [string]>(
    'things_read',
    placeholder(`select things.id, name from things join (${elements}) as wanted on wanted.id = things.id`),
  );
  const keys = statement<{ id: string }, [string | null, string | null, string | null, string | null, number]>(
    'things_keys',
    placeholder(
      `select id from things where (${nullable} is null or id > ?) and (${nullable} is null or id <= ?) order by id limit ?`,
    ),
  );
  const displaced = statement<{ count: number | string }>(
    'things_displaced',
    'select count(*) as count from things where name is null',
  );
  const setAside = statement<object, [string, string]>(
    'things_set_aside',
    placeholder('update things set name = null where name = ? and id <> ?'),
  );
  const write = statement<object, [string, string]>('things_put', placeholder(upsert));
  const remove = statement<object, [string]>('things_remove', placeholder('delete from things where id = ?'));
  const put = async (tx: Queryable, key: string, name: string) => {
    await tx.run(write, [key, name]);
  };
  return {
    put,
    resource: {
      name: 'things',
      group: 'things',
      schema: Thing,
      apply: async (tx, changes) => {
        for (const { key, state } of changes) {
          if (state === null) await tx.run(remove, [key]);
          else await tx.run(setAside, [state.name, key]);
        }
        for (const { key, state } of changes) if (state !== null) await put(tx, key, state.name);
      },
      read: async (tx, ids) =>
        new Map((await tx.query(read, [JSON.stringify(ids)])).map(({ id, name }) => [id, { name: name ?? '' }])),
      keys: async (tx, { after, to, limit }) =>
        (await tx.query(keys, [after, after, to, to, limit])).map(({ id }) => id),
      displaced: async (tx) => Number((await tx.query(displaced, []))[0]?.count),
    },
  };
}
