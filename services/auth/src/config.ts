import { migrationSettings } from '@banyan/kit/common-settings';
import { type Machine, slowHashSettings, thisMachine, withSlowHashLimits } from '@banyan/kit/secrets';
import { type GivenSettings, readConfig } from '@banyan/kit/settings';
import Type from '@banyan/kit/typebox';

const url = (schemes: string) => Type.String({ pattern: `^(${schemes})://[^\\s]+$` });
const whole = (value: number, minimum: number, maximum = 2 ** 31 - 1) =>
  Type.Integer({ default: value, minimum, maximum });

/** All settings. Names end with their unit. */
const Settings = Type.Object({
  ...migrationSettings,
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: whole(3101, 0, 65_535),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
  DATABASE_URL: url('postgres|postgresql'),
  DATABASE_CONNECTIONS: whole(8, 1, 200),
  /** The mesh's address for calls between services. */
  MESH_URL: Type.String({ default: 'http://127.0.0.1:4140', pattern: '^https?://[^\\s]+$' }),
  /** Admin address of the mesh, where each instance registers itself. Absent: the mesh finds instances by DNS. */
  MESH_LEASE_URL: Type.Optional(Type.String({ pattern: '^https?://[^\\s]+$' })),
  MESH_LEASE_TOKEN: Type.Optional(Type.String()),
  /** `iss` of every token. */
  ISSUER: Type.String({ default: 'http://127.0.0.1:3101', pattern: '^https?://[^\\s]+$' }),
  /** Credentials of callers of introspection, and of this service at the monolith. Absent: introspection is closed. */
  INTROSPECTION_CLIENT_ID: Type.Optional(Type.String({ pattern: '^[^:]+$' })),
  INTROSPECTION_CLIENT_SECRET: Type.Optional(Type.String()),
  /** 32 bytes in hex that seal the private keys. Absent: private keys are stored unsealed. */
  KEY_ENCRYPTION_KEY: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{64}$' })),
  /** The previous value of KEY_ENCRYPTION_KEY. Keys that it sealed are opened with it and sealed with the new one. */
  KEY_ENCRYPTION_KEY_PREVIOUS: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{64}$' })),
  TOKEN_TTL_S: whole(3_600, 1),
  /** A signing key is replaced at this age. */
  KEY_MAX_AGE_S: whole(30 * 86_400, 60),
  /** A key is published for this long before it signs. Must be longer than verifiers cache the key set. */
  KEY_PUBLISH_LEAD_S: whole(15, 0),
  /** How often keys are read from the store, in case a notification was lost. */
  KEY_REFRESH_MS: whole(5_000, 50),
  /** A cached client is used for this long without reading the store. */
  CLIENT_FRESH_MS: whole(10_000, 0),
  CLIENT_CACHE_ENTRIES: whole(50_000, 2),
  /**
   * While the store is down, cached data is used for this long. A revoked client is refused after that at the latest.
   */
  STALE_LIMIT_S: whole(300, 0),
  ...slowHashSettings,
  /** A valid opaque token is cached for this long, so a revocation at the monolith takes effect after it. */
  INTROSPECTION_FRESH_MS: whole(10_000, 0),
  /** An unknown opaque token is cached as unknown for this long. */
  INTROSPECTION_NEGATIVE_MS: whole(10_000, 0),
  INTROSPECTION_CACHE_ENTRIES: whole(50_000, 2),
});

export type Config = ReturnType<typeof authConfig>;

/** Faults of settings that contradict each other. */
function contradictions(given: GivenSettings): string[] {
  const { INTROSPECTION_CLIENT_ID: id, INTROSPECTION_CLIENT_SECRET: secret } = given;
  const faults: string[] = [];
  if ((id === undefined) !== (secret === undefined)) {
    faults.push('INTROSPECTION_CLIENT_ID and INTROSPECTION_CLIENT_SECRET go together: one of them is not set');
  }
  if (given.KEY_ENCRYPTION_KEY_PREVIOUS !== undefined && given.KEY_ENCRYPTION_KEY === undefined) {
    faults.push('KEY_ENCRYPTION_KEY_PREVIOUS needs KEY_ENCRYPTION_KEY, which is not set');
  }
  return faults;
}

/** @throws ConfigError with all faults */
export function authConfig(env: NodeJS.ProcessEnv, machine: Machine = thisMachine(env)) {
  return withSlowHashLimits(readConfig(Settings, env, contradictions), machine);
}
