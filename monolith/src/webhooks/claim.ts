import type { Queryable } from '../db.ts';

/** A delivery to attempt now, with all that its request holds. */
export interface Delivery {
  id: string;
  /** 1 for the first. */
  attempt: number;
  key: string;
  /** JSON text: see `Resources`. */
  resources: string;
  integration: { id: string; integration_type: string; name: string; description: string };
  url: string;
  secretKey: string | null;
}

/** Longer than an attempt takes. A process that still works after it has lost the delivery. */
export const leaseMs = 30_000;

interface DeliveryRow {
  id: string;
  attempts: number;
  key: string;
  resources: string;
  integration_id: string;
  integration_type: string;
  name: string;
  description: string;
  url: string;
  secret_key: string | null;
}

/** Claims deliveries that are due, for `leaseMs`. The claim counts as an attempt even if the process dies. */
export async function claimDeliveries(db: Queryable, now: Date, limit: number): Promise<Delivery[]> {
  const { rows } = await db.query<DeliveryRow>(
    `update integration_jobs j set attempts = j.attempts + 1, leased_until = $2, updated_at = $1
     from shop_events e, integrations i
     where e.id = j.event_id and i.id = j.integration_id and j.id in (
       select due.id from integration_jobs due join integrations of on of.id = due.integration_id
       where due.status = 'pending' and due.next_attempt_at <= $1 and of.enabled
         and (due.leased_until is null or due.leased_until <= $1)
       order by due.next_attempt_at, due.id limit $3 for update of due skip locked)
     returning j.id, j.attempts, e.key, coalesce(j.resources, e.resources)::text as resources, j.integration_id,
       i.integration_type, i.name, i.description, i.url, i.secret_key`,
    [now, new Date(now.getTime() + leaseMs), limit],
  );
  return rows.map((row) => ({
    id: row.id,
    attempt: row.attempts,
    key: row.key,
    resources: row.resources,
    integration: {
      id: row.integration_id,
      integration_type: row.integration_type,
      name: row.name,
      description: row.description,
    },
    url: row.url,
    secretKey: row.secret_key,
  }));
}

/** Gives a claimed delivery back, as if it had not been claimed. */
export async function giveBack(db: Queryable, { id, attempt }: Delivery): Promise<void> {
  await db.query(
    'update integration_jobs set attempts = attempts - 1, leased_until = null where id = $1 and attempts = $2',
    [id, attempt],
  );
}
