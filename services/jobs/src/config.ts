import { join } from 'node:path';
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
  ...commonSettings(3106),
  ...migrationSettings,
  ...peerSettings,
  ...messageSettings,
  /** The folder of the store's file. It must exist: a folder that is not mounted must not become an empty store. */
  DATA_FOLDER: Type.String({ minLength: 1 }),
  /** How often to look for jobs that came from elsewhere. One that is made here begins at once. */
  LOOK_EVERY_MS: whole(1_000, 10),
  /** How often the owner of the orders is asked what changed. Exports ask besides, each before it begins. */
  REFRESH_EVERY_MS: whole(300_000, 100),
});
export type Config = Static<typeof Settings>;

/** @throws ConfigError with all faults */
export function jobsConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(Settings, env, commonContradictions);
}

export function fileOf({ DATA_FOLDER }: Pick<Config, 'DATA_FOLDER'>): string {
  return join(DATA_FOLDER, 'jobs.duckdb');
}
