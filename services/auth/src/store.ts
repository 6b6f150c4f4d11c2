import { listenToPostgres, type Notifications } from '@banyan/kit/notifications';
import { openPostgres, type Queryable, statement } from '@banyan/kit/postgres';
import type { SlowHash, SlowParameters } from '@banyan/kit/secrets';
import type { Identifier } from './contract.ts';
import type { Client } from './domain.ts';
import type { KeyRecord, KeyState } from './keys/rotation.ts';
import { type FastHash, formatFastHash, parseSecretHash } from './secrets/hash-format.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

/** A signing key as it is stored. */
export interface StoredKey extends KeyRecord {
  publicJwk: Record<string, unknown>;
  /** Sealed or plain: see keys/sealing.ts. */
  privateKey: string;
}

/** Changes to keys inside one transaction, which holds a lock against other instances. */
export interface KeyChanges {
  keys: StoredKey[];
  forget(kid: string): Promise<void>;
  retire(kid: string, atMs: number, publishUntilMs: number): Promise<void>;
  activate(kid: string, atMs: number): Promise<void>;
  insert(key: StoredKey): Promise<void>;
  reseal(kid: string, privateKey: string): Promise<void>;
}

export interface Announcements {
  /** An empty id means any client. */
  onClientChanged(clientId: string): void;
  onKeysChanged(): void;
  onLost(error: Error): void;
}

export interface Store {
  /** One indexed look-up. Null if the client does not exist or was revoked. */
  findClient(clientId: string): Promise<Client | null>;
  /** Replaces the slow hash by a fast one of the same secret. Does nothing if the secret has changed meanwhile. */
  upgradeSecret(clientId: string, from: SlowHash, to: FastHash): Promise<void>;
  /** Parameters of the slow hash of any client that still has one. Null if none has. */
  slowParametersInUse(): Promise<SlowParameters | null>;
  readKeys(): Promise<StoredKey[]>;
  /** Runs `change` in one instance at a time. */
  changeKeys(change: (changes: KeyChanges) => Promise<void>): Promise<void>;
  listen(announcements: Announcements): Notifications;
  ping(): Promise<void>;
  close(): Promise<void>;
}

const findClient = statement<
  { client_id: string; secret_hash: string | null; identifier_kinds: Identifier[] },
  [string]
>(
  'auth_find_client',
  'select client_id, secret_hash, identifier_kinds from clients where client_id = $1 and revoked_at is null',
);

const upgradeSecret = statement<object, [string, string, string]>(
  'auth_upgrade_secret',
  'update clients set secret_hash = $3 where client_id = $1 and secret_hash = $2',
);

const slowInUse = statement<{ secret_hash: string }>(
  'auth_slow_in_use',
  "select secret_hash from clients where revoked_at is null and secret_hash like '$scrypt$%' limit 1",
);

interface KeyRow {
  kid: string;
  state: KeyState;
  public_jwk: Record<string, unknown>;
  private_key: string;
  created_at: Date;
  activated_at: Date | null;
  retired_at: Date | null;
  publish_until: Date | null;
}

const readKeys = statement<KeyRow>('auth_read_keys', 'select * from signing_keys order by created_at, kid');
// An arbitrary fixed number. The lock is released with the transaction.
const lockKeys = statement<object>('auth_lock_keys', 'select pg_advisory_xact_lock(7204612)');
const forgetKey = statement<object, [string]>('auth_forget_key', 'delete from signing_keys where kid = $1');
const retireKey = statement<object, [string, Date, Date]>(
  'auth_retire_key',
  "update signing_keys set state = 'retired', retired_at = $2, publish_until = $3 where kid = $1",
);
const activateKey = statement<object, [string, Date]>(
  'auth_activate_key',
  "update signing_keys set state = 'active', activated_at = $2 where kid = $1",
);
const resealKey = statement<object, [string, string]>(
  'auth_reseal_key',
  'update signing_keys set private_key = $2 where kid = $1',
);
const insertKey = statement<object, [string, KeyState, string, string, Date, Date | null]>(
  'auth_insert_key',
  `insert into signing_keys (kid, state, public_jwk, private_key, created_at, activated_at)
   values ($1, $2, $3, $4, $5, $6)`,
);

/** The service's store. It connects at the first call. */
export function openStore(url: string, maxConnections: number, onIdleError: (error: Error) => void): Store {
  const db = openPostgres({ url, applicationName: 'auth', maxConnections, onIdleError });
  return {
    findClient: async (clientId) => {
      const [row] = await db.query(findClient, [clientId]);
      if (!row) return null;
      const secret = row.secret_hash === null ? null : parseSecretHash(row.secret_hash);
      return { clientId: row.client_id, identifiers: row.identifier_kinds, secret };
    },
    upgradeSecret: async (clientId, from, to) => {
      await db.query(upgradeSecret, [clientId, from.text, formatFastHash(to)]);
    },
    slowParametersInUse: async () => {
      const [row] = await db.query(slowInUse, []);
      const hash = row ? parseSecretHash(row.secret_hash) : null;
      return hash?.kind === 'slow' ? hash.parameters : null;
    },
    readKeys: async () => (await db.query(readKeys, [])).map(storedKey),
    changeKeys: (change) =>
      db.transaction(async (connection) => {
        await connection.query(lockKeys, []);
        await change(await keyChanges(connection));
      }),
    listen: ({ onClientChanged, onKeysChanged, onLost }) =>
      listenToPostgres({
        url,
        applicationName: 'auth listener',
        channels: ['auth_clients', 'auth_keys'],
        onMessage: (channel, payload) => (channel === 'auth_keys' ? onKeysChanged() : onClientChanged(payload)),
        onConnected: () => {
          onClientChanged('');
          onKeysChanged();
        },
        onLost,
      }),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}

async function keyChanges(connection: Queryable): Promise<KeyChanges> {
  return {
    keys: (await connection.query(readKeys, [])).map(storedKey),
    forget: async (kid) => {
      await connection.query(forgetKey, [kid]);
    },
    retire: async (kid, atMs, publishUntilMs) => {
      await connection.query(retireKey, [kid, new Date(atMs), new Date(publishUntilMs)]);
    },
    activate: async (kid, atMs) => {
      await connection.query(activateKey, [kid, new Date(atMs)]);
    },
    reseal: async (kid, privateKey) => {
      await connection.query(resealKey, [kid, privateKey]);
    },
    insert: async (key) => {
      await connection.query(insertKey, [
        key.kid,
        key.state,
        JSON.stringify(key.publicJwk),
        key.privateKey,
        new Date(key.createdAtMs),
        key.activatedAtMs === null ? null : new Date(key.activatedAtMs),
      ]);
    },
  };
}

function storedKey(row: KeyRow): StoredKey {
  return {
    kid: row.kid,
    state: row.state,
    publicJwk: row.public_jwk,
    privateKey: row.private_key,
    createdAtMs: row.created_at.getTime(),
    activatedAtMs: row.activated_at?.getTime() ?? null,
    retiredAtMs: row.retired_at?.getTime() ?? null,
    publishUntilMs: row.publish_until?.getTime() ?? null,
  };
}
