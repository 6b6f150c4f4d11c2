import { messageSettings } from '@banyan/kit/common-settings';
import { readConfig } from '@banyan/kit/settings';
import Type, { type Static } from '@banyan/kit/typebox';

const Port = Type.Integer({ minimum: 0, maximum: 65_535 });

export const Config = Type.Object({
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: Port,
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
  /** The monolith's database: the role must be allowed to set session_replication_role. */
  MONOLITH_DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://' }),
  /** The worker's own database. */
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://' }),
  /** The mesh's port between services. */
  MESH_URL: Type.String({ pattern: '^https?://' }),
  MESH_ADMIN_URL: Type.String({ pattern: '^https?://' }),
  MESH_ADMIN_TOKEN: Type.Optional(Type.String()),
  /** The credential that services take from the migration, and the migration from its command line. */
  MIGRATION_TOKEN: Type.String({ minLength: 16 }),
  /** The folder of the monolith's files. Without it files do not move. */
  FILES_FOLDER: Type.Optional(Type.String({ minLength: 1 })),
  /** The platform's address as clients see it: links in facts begin with it. */
  PUBLIC_URL: Type.String({ default: 'http://localhost:8080', pattern: '^https?://' }),
  /** The broker. With it the worker publishes the monolith's facts; without it the monolith notes none. */
  ...messageSettings,
});
export type Config = Static<typeof Config>;

/** @throws ConfigError with all faults */
export const parseConfig = (env: NodeJS.ProcessEnv): Config => readConfig(Config, env);
