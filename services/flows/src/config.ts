import {
  commonContradictions,
  commonSettings,
  migrationSettings,
  peerSettings,
  whole,
} from '@banyan/kit/common-settings';
import { readConfig } from '@banyan/kit/settings';
import Type, { type Static } from '@banyan/kit/typebox';

const Settings = Type.Object({
  ...commonSettings(3111),
  ...migrationSettings,
  ...peerSettings,
  DATABASE_URL: Type.String({ pattern: '^(mariadb|mysql)://[^\\s]+$' }),
  DATABASE_CONNECTIONS: whole(8, 1, 200),
});
export type Config = Static<typeof Settings>;

/** @throws ConfigError with all faults */
export function flowsConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(Settings, env, commonContradictions);
}
