import type { Queryable } from '../db.ts';
import type { TokenKind } from './tokens.ts';

export interface Client {
  clientId: string;
  secretHash: string;
  kinds: TokenKind[];
}

/** Finds a client that is not revoked. */
export async function findClient(db: Queryable, clientId: string): Promise<Client | undefined> {
  const { rows } = await db.query<Client>(
    `select client_id as "clientId", secret_hash as "secretHash", identifier_kinds as kinds
     from api_clients where client_id = $1 and revoked_at is null`,
    [clientId],
  );
  return rows[0];
}

/** Whether a client is revoked. An unknown client is not: another issuer may have its own clients. */
export async function isRevoked(db: Queryable, clientId: string): Promise<boolean> {
  const { rowCount } = await db.query('select from api_clients where client_id = $1 and revoked_at is not null', [
    clientId,
  ]);
  return rowCount !== 0;
}
