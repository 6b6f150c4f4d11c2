import {
  commonContradictions,
  commonSettings,
  messageSettings,
  migrationSettings,
  peerSettings,
  whole,
} from '@banyan/kit/common-settings';
import { type Machine, slowHashSettings, thisMachine, withSlowHashLimits } from '@banyan/kit/secrets';
import { readConfig } from '@banyan/kit/settings';
import Type from '@banyan/kit/typebox';

const Settings = Type.Object({
  ...commonSettings(3110),
  ...migrationSettings,
  ...peerSettings,
  ...messageSettings,
  ...slowHashSettings,
  DATABASE_URL: Type.String({ pattern: '^(mariadb|mysql)://[^\\s]+$' }),
  DATABASE_CONNECTIONS: whole(8, 1, 200),
  /** The fields that an operator added are asked for this often at most: a change of them takes effect after that. */
  FIELDS_FRESH_MS: whole(1_000, 0),
});
export type Config = ReturnType<typeof customersConfig>;

/** @throws ConfigError with all faults */
export function customersConfig(env: NodeJS.ProcessEnv, machine: Machine = thisMachine(env)) {
  return withSlowHashLimits(readConfig(Settings, env, commonContradictions), machine);
}
