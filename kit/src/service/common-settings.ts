import Type, { type Static } from '../../vendor/typebox.js';

const httpUrl = '^https?://[^\\s]+$';

/** A whole number with a default. Without a maximum it fits into 32 bits. */
export const whole = (value: number, minimum: number, maximum = 2 ** 31 - 1) =>
  Type.Integer({ default: value, minimum, maximum });

/** The settings that every service of the API has. Spread them into the service's own schema. */
export const commonSettings = (port: number) => ({
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: whole(port, 0, 65_535),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
  /** The platform's address as clients see it: links in replies begin with it. */
  PUBLIC_URL: Type.String({ default: 'http://localhost:8080', pattern: httpUrl }),
  /** The mesh's address for calls between services. */
  MESH_URL: Type.String({ default: 'http://127.0.0.1:4140', pattern: httpUrl }),
  /** Admin address of the mesh, where each instance registers itself. Absent: the mesh finds instances by DNS. */
  MESH_LEASE_URL: Type.Optional(Type.String({ pattern: httpUrl })),
  MESH_LEASE_TOKEN: Type.Optional(Type.String()),
  /** Credentials of this service at the others: for introspection and for internal paths. Absent: it asks none. */
  INTROSPECTION_CLIENT_ID: Type.Optional(Type.String({ pattern: '^[^:]+$' })),
  INTROSPECTION_CLIENT_SECRET: Type.Optional(Type.String()),
});

/** For a service whose resource moves. */
export const migrationSettings = {
  /** The credential of the migration. Absent: the service takes part in none, and owns its data from the start. */
  MIGRATION_TOKEN: Type.Optional(Type.String({ minLength: 16 })),
};

/** For a service that has lists, and is asked for them in a currency: both are rules of the API, and others know them. */
export const peerSettings = {
  /** The length of a page is asked of the settings this often at most, so a change of it takes effect after that. */
  PAGE_LENGTH_FRESH_MS: whole(1_000, 0),
  /** A currency that is enabled counts as enabled for this long without asking. */
  CURRENCY_FRESH_MS: whole(10_000, 0),
};

/** For a service that publishes or consumes facts. */
export const messageSettings = {
  /** The broker. Absent: no facts are published or consumed. Those that are written wait in the outbox. */
  RABBITMQ_URL: Type.Optional(Type.String({ pattern: '^amqps?://[^\\s]+$' })),
  /** Begins the names of the exchanges and queues. Keeps several platforms on one broker apart. */
  RABBITMQ_PREFIX: Type.Optional(Type.String({ pattern: '^[\\w.-]{1,64}$' })),
};

export type CommonSettings = Static<ReturnType<typeof commonSettingsObject>>;
const commonSettingsObject = (port: number) => Type.Object(commonSettings(port));

/** Faults of common settings that contradict each other. */
export function commonContradictions(given: Readonly<Record<string, string>>): string[] {
  const { INTROSPECTION_CLIENT_ID: id, INTROSPECTION_CLIENT_SECRET: secret } = given;
  return (id === undefined) === (secret === undefined)
    ? []
    : ['INTROSPECTION_CLIENT_ID and INTROSPECTION_CLIENT_SECRET go together: one of them is not set'];
}

/** Credentials of this service at the others; null if it has none. */
export function credentialsOf(
  config: Pick<CommonSettings, 'INTROSPECTION_CLIENT_ID' | 'INTROSPECTION_CLIENT_SECRET'>,
): { id: string; secret: string } | null {
  const { INTROSPECTION_CLIENT_ID: id, INTROSPECTION_CLIENT_SECRET: secret } = config;
  return id === undefined || secret === undefined ? null : { id, secret };
}

/** Where instances register themselves; null if the mesh finds them by DNS. */
export function leaseOf(
  config: Pick<CommonSettings, 'MESH_LEASE_URL' | 'MESH_LEASE_TOKEN'>,
): { meshUrl: string; token: string | undefined } | null {
  const { MESH_LEASE_URL: meshUrl, MESH_LEASE_TOKEN: token } = config;
  return meshUrl === undefined ? null : { meshUrl, token };
}

/** Where facts travel. */
export interface Broker {
  /** `amqp://user:password@host:port/vhost` */
  url: string;
  /** Begins the names of the exchanges and queues. */
  prefix: string;
}

interface BrokerSettings {
  RABBITMQ_URL?: string;
  RABBITMQ_PREFIX?: string;
}

/** The broker; null without one. */
export function brokerOf(config: BrokerSettings): Broker | null {
  const { RABBITMQ_URL: url, RABBITMQ_PREFIX: prefix = '' } = config;
  return url === undefined ? null : { url, prefix };
}

/** Where a service listens, registers itself, and sends facts: parts of `runService`. */
export function placeOf(
  config: Pick<CommonSettings, 'HOST' | 'PORT' | 'MESH_LEASE_URL' | 'MESH_LEASE_TOKEN'> & BrokerSettings,
) {
  return { host: config.HOST, port: config.PORT, lease: leaseOf(config), broker: brokerOf(config) };
}
