import { join } from 'node:path';
import {
  commonContradictions,
  commonSettings,
  messageSettings,
  migrationSettings,
  peerSettings,
} from '@banyan/kit/common-settings';
import { readConfig } from '@banyan/kit/settings';
import Type, { type Static } from '@banyan/kit/typebox';

const Configuration = Type.Object({
  ...commonSettings(3107),
  ...migrationSettings,
  ...messageSettings,
  CURRENCY_FRESH_MS: peerSettings.CURRENCY_FRESH_MS,
  /** The folder of the store's file. It must exist: a folder that is not mounted must not become an empty store. */
  DATA_FOLDER: Type.String({ minLength: 1 }),
});
export type Config = Static<typeof Configuration>;

/** @throws ConfigError with all faults */
export function settingsConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(Configuration, env, commonContradictions);
}

export function fileOf({ DATA_FOLDER }: Pick<Config, 'DATA_FOLDER'>): string {
  return join(DATA_FOLDER, 'settings.db');
}
