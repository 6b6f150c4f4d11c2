import { join } from 'node:path';
import { commonContradictions } from '@banyan/kit/common-settings';
import { groupSettings } from '@banyan/kit/groups';
import { readConfig } from '@banyan/kit/settings';
import Type, { type Static } from '@banyan/kit/typebox';

const Settings = Type.Object({
  ...groupSettings(3109),
  /** The folder of the store's file. It must exist: a folder that is not mounted must not become an empty store. */
  DATA_FOLDER: Type.String({ minLength: 1 }),
});
export type Config = Static<typeof Settings>;

/** @throws ConfigError with all faults */
export function categoriesConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(Settings, env, commonContradictions);
}

export function fileOf({ DATA_FOLDER }: Pick<Config, 'DATA_FOLDER'>): string {
  return join(DATA_FOLDER, 'categories.db');
}
