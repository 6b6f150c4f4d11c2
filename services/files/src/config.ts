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
  ...commonSettings(3112),
  ...migrationSettings,
  ...messageSettings,
  ...peerSettings,
  /** The folder of the store's file and of the content. It must exist: a folder that is not mounted must not become an empty store. */
  DATA_FOLDER: Type.String({ minLength: 1 }),
});
export type Config = Static<typeof Configuration>;

/** @throws ConfigError with all faults */
export function filesConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(Configuration, env, commonContradictions);
}

/** The store's file, and the folder of the content beside it: they are backed up and restored together. */
export const placesIn = ({ DATA_FOLDER }: Pick<Config, 'DATA_FOLDER'>) => ({
  store: join(DATA_FOLDER, 'files.db'),
  content: join(DATA_FOLDER, 'content'),
});
