import { type Queryable, statement } from '@banyan/kit/postgres';
import type { Integration } from '../domain.ts';

/** An integration as the table holds it. BIGINT is read as text. */
export interface IntegrationRow {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  observes: string[];
  url: string;
  secret_key: string | null;
  created_at_us: string;
  updated_at_us: string;
}

type Values = [string, string, string, boolean, readonly string[], string, string | null, number, number];

const columns = 'id, name, description, enabled, observes, url, secret_key, created_at_us, updated_at_us';

const all = statement<IntegrationRow>(
  'integrations_all',
  `select ${columns} from integrations order by created_at_us, id`,
);
const one = statement<IntegrationRow, [string]>(
  'integrations_one',
  `select ${columns} from integrations where id = $1`,
);
// Deliveries keep their integration from being deleted, and a change need not wait for them.
const oneToChange = statement<IntegrationRow, [string]>(
  'integrations_one_to_change',
  `select ${columns} from integrations where id = $1 for no key update`,
);
const oneToRemove = statement<IntegrationRow, [string]>(
  'integrations_one_to_remove',
  `select ${columns} from integrations where id = $1 for update`,
);
const oneKept = statement<object, [string]>(
  'integrations_one_kept',
  'select from integrations where id = $1 for key share',
);
/** Blocks other writers of integrations until the transaction ends. */
const lock = statement('integrations_lock', 'lock table integrations in share row exclusive mode');
/** Taken before the lock of a row: in the other order, two writers could wait for each other. */
const lockForRows = statement('integrations_lock_for_rows', 'lock table integrations in row exclusive mode');
const put = statement<object, Values>(
  'integrations_put',
  `insert into integrations (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
   on conflict (id) do update set name = excluded.name, description = excluded.description, enabled = excluded.enabled,
     observes = excluded.observes, url = excluded.url, secret_key = excluded.secret_key,
     created_at_us = excluded.created_at_us, updated_at_us = excluded.updated_at_us`,
);
const remove = statement<object, [readonly string[]]>(
  'integrations_remove',
  'delete from integrations where id = any($1::uuid[])',
);

/** All integrations, oldest first. */
export async function allIntegrations(db: Queryable): Promise<Integration[]> {
  return (await db.query(all, [])).map(integrationOf);
}

/** @param id a UUID */
export async function findIntegration(db: Queryable, id: string): Promise<Integration | undefined> {
  const [row] = await db.query(one, [id]);
  return row && integrationOf(row);
}

/** The integration, locked against other changes until the transaction ends. */
export async function lockToChange(tx: Queryable, id: string): Promise<Integration | undefined> {
  await tx.run(lockForRows, []);
  const [row] = await tx.query(oneToChange, [id]);
  return row && integrationOf(row);
}

/** The integration, locked. Waits for transactions that plan or record its deliveries. */
export async function lockToRemove(tx: Queryable, id: string): Promise<Integration | undefined> {
  await tx.run(lockForRows, []);
  const [row] = await tx.query(oneToRemove, [id]);
  return row && integrationOf(row);
}

/** Keeps an integration from being deleted until the transaction ends. Returns whether it is there. */
export async function keepIntegration(tx: Queryable, id: string): Promise<boolean> {
  return (await tx.query(oneKept, [id])).length > 0;
}

/** Makes other writers of integrations wait until the transaction ends, because of the limits. */
export async function lockIntegrations(tx: Queryable): Promise<void> {
  await tx.run(lock, []);
}

export async function putIntegration(tx: Queryable, integration: Integration): Promise<void> {
  const { id, name, description, enabled, observes, url, secretKey, createdAt, updatedAt } = integration;
  await tx.run(put, [id, name, description, enabled, observes, url, secretKey, createdAt, updatedAt]);
}

/** Without their deliveries. */
export async function removeIntegrations(tx: Queryable, ids: readonly string[]): Promise<void> {
  await tx.run(remove, [ids]);
}

export function integrationOf({ secret_key, created_at_us, updated_at_us, ...row }: IntegrationRow): Integration {
  return { ...row, secretKey: secret_key, createdAt: Number(created_at_us), updatedAt: Number(updated_at_us) };
}
