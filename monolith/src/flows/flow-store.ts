import { isUuid } from '../api/ids.ts';
import type { Queryable } from '../db.ts';

/** A flow: a set of fields, of a core entity (its slug is `products` and so on) or of entries of its own. */
export interface FlowRow {
  id: string;
  slug: string;
  name: string;
  description: string;
  enabled: boolean;
  created_at: Date;
  updated_at: Date;
}

const columns = 'id, slug, name, description, enabled, created_at, updated_at';

export async function listFlows(db: Queryable): Promise<FlowRow[]> {
  return (await db.query<FlowRow>(`select ${columns} from flows order by created_at, id`)).rows;
}

/** Finds a flow by id or slug; `lock` keeps it in place until the end of the transaction. */
export async function findFlow(
  db: Queryable,
  idOrSlug: string,
  lock?: 'for key share' | 'for update',
): Promise<FlowRow | undefined> {
  const column = isUuid(idOrSlug) ? 'id' : 'slug';
  const text = `select ${columns} from flows where ${column} = $1 ${lock ?? ''}`;
  return (await db.query<FlowRow>(text, [idOrSlug])).rows[0];
}

export type NewFlow = Pick<FlowRow, 'slug' | 'name' | 'description' | 'enabled'>;

export async function insertFlow(db: Queryable, { slug, name, description, enabled }: NewFlow, now: Date) {
  const { rows } = await db.query<FlowRow>(
    `insert into flows (slug, name, description, enabled, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)
     returning ${columns}`,
    [slug, name, description, enabled, now],
  );
  if (rows[0] === undefined) throw new Error('An insert gave no row back');
  return rows[0];
}

export async function updateFlow(db: Queryable, { id, slug, name, description, enabled }: FlowRow, now: Date) {
  await db.query(
    'update flows set slug = $2, name = $3, description = $4, enabled = $5, updated_at = $6 where id = $1',
    [id, slug, name, description, enabled, now],
  );
}
