import {
  commonContradictions,
  commonSettings,
  messageSettings,
  migrationSettings,
  peerSettings,
  whole,
} from '@banyan/kit/common-settings';
import { readConfig } from '@banyan/kit/settings';
import Type, { type Static } from '@banyan/kit/typebox';

const Settings = Type.Object({
  ...commonSettings(3102),
  ...migrationSettings,
  ...peerSettings,
  ...messageSettings,
  DATABASE_URL: Type.String({ pattern: '^(mariadb|mysql)://[^\\s]+$' }),
  DATABASE_CONNECTIONS: whole(8, 1, 200),
  /** The fields that an operator added to brands are asked for this often at most: a change of them takes effect after that. */
  FIELDS_FRESH_MS: whole(1_000, 0),
});
export type Config = Static<typeof Settings>;

/** @throws ConfigError with all faults */
export function brandsConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(Settings, env, commonContradictions);
}
