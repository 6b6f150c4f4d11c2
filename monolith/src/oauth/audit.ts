import { inTransaction, type Pool, type Queryable } from '../db.ts';

export type AuditEvent = 'token.requested' | 'token.issued' | 'token.refused';

/** The client, its address and the time. */
export interface Asker {
  clientId: string;
  remoteAddress: string;
  at: Date;
}

/** Writes one row for each event, in one statement. `detail` never contains a token or a secret. */
export async function writeAudit(
  db: Queryable,
  asker: Asker,
  events: readonly AuditEvent[],
  detail: Record<string, string>,
): Promise<void> {
  await db.query(
    `insert into token_audit (client_id, event, remote_address, detail, at)
     select $1, event, $3, $4, $5 from unnest($2::text[]) with ordinality as e (event, n) order by n`,
    [asker.clientId, events, asker.remoteAddress, detail, asker.at],
  );
}

// Debt 6: committed at once, so that the row stays even if the request fails. The request waits for the disk.
export async function writeAuditNow(
  db: Pool,
  asker: Asker,
  event: AuditEvent,
  detail: Record<string, string>,
): Promise<void> {
  await inTransaction(db, (client) => writeAudit(client, asker, [event], detail));
}
