import { commonContradictions, whole } from '@banyan/kit/common-settings';
import { groupSettings } from '@banyan/kit/groups';
import { readConfig } from '@banyan/kit/settings';
import Type, { type Static } from '@banyan/kit/typebox';

const Settings = Type.Object({
  ...groupSettings(3102),
  DATABASE_URL: Type.String({ pattern: '^(mariadb|mysql)://[^\\s]+$' }),
  DATABASE_CONNECTIONS: whole(8, 1, 200),
});
export type Config = Static<typeof Settings>;

/** @throws ConfigError with all faults */
export function brandsConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(Settings, env, commonContradictions);
}
