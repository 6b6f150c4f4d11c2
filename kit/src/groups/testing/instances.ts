import type { Logger } from '../../observe/log.ts';
import { captureLog } from '../../testing/captured-log.ts';
import { testEnvironment } from '../../testing/environment.ts';
import { createTestMariadb } from '../../testing/mariadb.ts';
import { ownFolder } from '../../testing/own-folder.ts';
import type { GroupService } from '../start.ts';
import type { GroupsInstance } from './subject.ts';

/** Starts a service with the settings in its environment. */
type Start = (env: Record<string, string>, logger: Logger) => Promise<GroupService>;

/** An instance on a MariaDB database of its own, which goes with it. */
export async function startOnMariadb(
  name: string,
  start: Start,
  meshUrl: string,
  env: Record<string, string> = {},
): Promise<GroupsInstance> {
  const database = await createTestMariadb();
  const instance = await startOn(name, start, meshUrl, { DATABASE_URL: database.url }, env);
  return {
    ...instance,
    outage: { begin: () => database.takeDown(), end: () => database.bringBack() },
    close: async () => {
      await instance.stop();
      await database.drop();
    },
  };
}

/** An instance on a file of its own, which goes with it. With DATA_FOLDER in `env`, the folder is the caller's and stays. */
export async function startOnFile(
  name: string,
  start: Start,
  meshUrl: string,
  env: Record<string, string> = {},
): Promise<GroupsInstance> {
  const folder = await ownFolder(name, env.DATA_FOLDER);
  const instance = await startOn(name, start, meshUrl, { DATA_FOLDER: folder.path }, env);
  return {
    ...instance,
    close: async () => {
      await instance.stop();
      await folder.remove();
    },
  };
}

async function startOn(
  name: string,
  start: Start,
  meshUrl: string,
  place: Record<string, string>,
  env: Record<string, string>,
) {
  const { logger, lines } = captureLog(name);
  const fresh = { PAGE_LENGTH_FRESH_MS: '0', CURRENCY_FRESH_MS: '0', FIELDS_FRESH_MS: '0' };
  const service = await start({ ...testEnvironment(meshUrl), ...place, ...fresh, ...env }, logger);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= service.close();
    return stopped;
  };
  return { service, lines, place, stop };
}
