import { isUuid } from '../api/ids.ts';
import type { Queryable } from '../db.ts';

export interface IntegrationRow {
  id: string;
  name: string;
  description: string;
  integration_type: 'webhook';
  enabled: boolean;
  observes: string[];
  url: string;
  secret_key: string | null;
  created_at: Date;
  updated_at: Date;
}

/** What clients write. A `secret_key` of null removes the key. */
export interface IntegrationInput {
  name?: string | undefined;
  description?: string | undefined;
  enabled?: boolean | undefined;
  observes?: readonly string[] | undefined;
  url?: string | undefined;
  secret_key?: string | null | undefined;
}

const columns = 'id, name, description, integration_type, enabled, observes, url, secret_key, created_at, updated_at';

/** Blocks other writers of integrations until the transaction ends, because of the limits. */
export async function lockIntegrations(db: Queryable): Promise<void> {
  await db.query('lock table integrations in share row exclusive mode');
}

/** All integrations, oldest first. */
export async function listIntegrations(db: Queryable): Promise<IntegrationRow[]> {
  return (await db.query<IntegrationRow>(`select ${columns} from integrations order by created_at, id`)).rows;
}

export async function findIntegration(db: Queryable, id: string): Promise<IntegrationRow | undefined> {
  if (!isUuid(id)) return undefined;
  return (await db.query<IntegrationRow>(`select ${columns} from integrations where id = $1`, [id])).rows[0];
}

export async function insertIntegration(db: Queryable, input: IntegrationInput, now: Date): Promise<IntegrationRow> {
  const { rows } = await db.query<IntegrationRow>(
    `insert into integrations (name, description, integration_type, enabled, observes, url, secret_key, created_at,
       updated_at)
     values ($1, $2, 'webhook', $3, $4, $5, $6, $7, $7) returning ${columns}`,
    [input.name, input.description, input.enabled ?? false, input.observes, input.url, input.secret_key || null, now],
  );
  if (rows[0] === undefined) throw new Error('An insert gave no row');
  return rows[0];
}

/** Changes the given members; undefined if the integration does not exist. */
export async function updateIntegration(
  db: Queryable,
  id: string,
  input: IntegrationInput,
  now: Date,
): Promise<IntegrationRow | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await db.query<IntegrationRow>(
    `update integrations set name = coalesce($2, name), description = coalesce($3, description),
       enabled = coalesce($4, enabled), observes = coalesce($5, observes), url = coalesce($6, url),
       secret_key = case when $7 then $8 else secret_key end, updated_at = $9
     where id = $1 returning ${columns}`,
    [
      id,
      input.name,
      input.description,
      input.enabled,
      input.observes,
      input.url,
      input.secret_key !== undefined,
      input.secret_key || null,
      now,
    ],
  );
  return rows[0];
}

/** Deletes an integration with its deliveries and logs; returns whether it existed. */
export async function deleteIntegration(db: Queryable, id: string): Promise<boolean> {
  return isUuid(id) && (await db.query('delete from integrations where id = $1', [id])).rowCount === 1;
}
