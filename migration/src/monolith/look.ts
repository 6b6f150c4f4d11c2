import type { Ownership } from '@banyan/kit/import';
import type { Queryable } from '../resources/queryable.ts';
import type { Resource } from '../resources/resource.ts';

/** What the monolith tells of a resource at a glance. */
export interface Sight {
  /** Null: the resource is not attached. */
  state: Ownership['state'] | null;
  /** Whether it has notes that are due. */
  noted: boolean;
}

/** A look at all resources with one statement, because it is taken many times a second. */
const look = `
  select resource.name, owned.state, exists (
    select from migration.notes
    where notes.resource = resource.name and (retry_at is null or retry_at < clock_timestamp())) as noted
  from unnest($1::text[], $2::text[]) as resource (name, group_name)
    left join migration.ownership as owned using (group_name)`;

/** Whose turn each of the resources is, by name. */
export async function lookAt(db: Queryable, resources: readonly Resource[]): Promise<Map<string, Sight>> {
  const { rows } = await db.query<Sight & { name: string }>({
    name: 'look',
    text: look,
    values: [resources.map(({ name }) => name), resources.map(({ group }) => group)],
  });
  return new Map(rows.map(({ name, state, noted }) => [name, { state, noted }]));
}
