import { ServiceError } from '@banyan/kit/errors';
import { type MovedResource, type Moves, openMoves } from '@banyan/kit/import';
import { openPostgres, type Queryable, statement } from '@banyan/kit/postgres';
import { postgresLedger } from '@banyan/kit/postgres-ledger';
import { isUsableSlowHash } from '@banyan/kit/secrets';
import Type, { type Static } from '@banyan/kit/typebox';
import { Identifier } from './contract.ts';

/** RFC 3339 in UTC, with microseconds. */
const Moment = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{6}Z$' });

/** An API client as it travels. The hash has the form of the system that owned clients before. */
const ClientState = Type.Object({
  client_id: Type.String({ pattern: '^[\\x21-\\x7e]{1,128}$' }),
  name: Type.String(),
  secret_hash: Type.Refine(Type.String(), isUsableSlowHash, () => 'must be a hash that this service can verify'),
  identifier_kinds: Type.Array(Identifier),
  created_at: Moment,
  updated_at: Moment,
  revoked_at: Type.Union([Moment, Type.Null()]),
});
export type ClientState = Static<typeof ClientState>;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const incoming = `jsonb_to_recordset($1::jsonb) as incoming(
  id uuid, client_id text, name text, secret_hash text, identifier_kinds text[],
  created_at timestamptz, updated_at timestamptz, revoked_at timestamptz)`;
const timeText = (column: string) =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${column}`;

const remove = statement<object, [readonly string[]]>(
  'auth_import_remove',
  'delete from clients where id = any($1::uuid[])',
);
const setAside = statement<object, [string]>(
  'auth_import_set_aside',
  `update clients set client_id = null from ${incoming}
   where clients.client_id = incoming.client_id and clients.id <> incoming.id`,
);
const put = statement<object, [string]>(
  'auth_import_put',
  `insert into clients as mine (id, client_id, name, secret_hash, identifier_kinds, created_at, updated_at, revoked_at,
                                imported_secret)
   select id, client_id, name, secret_hash, identifier_kinds, created_at, updated_at, revoked_at, secret_hash
   from ${incoming} order by id
   on conflict (id) do update set
     client_id = excluded.client_id, name = excluded.name, identifier_kinds = excluded.identifier_kinds,
     created_at = excluded.created_at, updated_at = excluded.updated_at, revoked_at = excluded.revoked_at,
     imported_secret = excluded.imported_secret,
     -- The same secret as before keeps the hash that it may have been upgraded to; a changed one wins.
     secret_hash = case when mine.imported_secret is not distinct from excluded.imported_secret
                        then mine.secret_hash else excluded.secret_hash end`,
);
const read = statement<ClientState & { id: string }, [readonly string[]]>(
  'auth_import_read',
  `select id::text, client_id, name, imported_secret as secret_hash, identifier_kinds,
          ${timeText('created_at')}, ${timeText('updated_at')}, ${timeText('revoked_at')}
   from clients where id = any($1::uuid[])`,
);
const keys = statement<{ id: string }, [string | null, string | null, number]>(
  'auth_import_keys',
  `select id::text from clients
   where ($1::uuid is null or id > $1::uuid) and ($2::uuid is null or id <= $2::uuid) order by id limit $3`,
);
const displaced = statement<{ count: number }>(
  'auth_import_displaced',
  'select count(*)::int as count from clients where client_id is null',
);

/** How API clients come from the monolith, which stays their only writer. Transitional. */
export const clientsImport: MovedResource<Queryable, ClientState> = {
  name: 'auth-clients',
  group: 'auth-clients',
  schema: ClientState,
  apply: async (tx, changes) => {
    requireKeys(changes.map(({ key }) => key));
    const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
    const present = changes.flatMap(({ key, state }) => (state === null ? [] : [{ id: key, ...state }]));
    if (gone.length > 0) await tx.run(remove, [gone]);
    if (present.length === 0) return;
    const rows = JSON.stringify(present);
    await tx.run(setAside, [rows]);
    await tx.run(put, [rows]);
  },
  read: async (tx, ids) => {
    const rows = await tx.query(read, [ids.filter((id) => uuid.test(id))]);
    return new Map(rows.map(({ id, ...state }) => [id, state]));
  },
  keys: async (tx, { after, to, limit }) => {
    requireKeys([after, to].filter((key) => key !== null));
    return (await tx.query(keys, [after, to, limit])).map(({ id }) => id);
  },
  displaced: async (tx) => (await tx.query(displaced, []))[0]?.count ?? 0,
};

/** @throws ServiceError `validation_failed` */
function requireKeys(given: readonly string[]): void {
  if (given.every((key) => uuid.test(key))) return;
  throw new ServiceError('validation_failed', { detail: 'The keys of auth-clients are UUIDs in lower case' });
}

/** A batch holds thousands of clients. In ms. */
const queryTimeoutMs = 30_000;
const connectTimeoutMs = 5_000;

/**
 * Opens the moves of clients, on connections of their own: a long batch must not hold those that tokens need. Without a
 * migration none is made.
 */
export function openClientMoves(
  url: string,
  onIdleError: (error: Error) => void,
): { moves: Moves<Queryable>; close(): Promise<void> } {
  const pool = { maxConnections: 3, queryTimeoutMs, connectTimeoutMs, onIdleError };
  const db = openPostgres({ url, applicationName: 'auth import', ...pool });
  return { moves: openMoves(postgresLedger(db), [clientsImport]), close: () => db.close() };
}
