import { type GroupsInstance, startOnFile } from '@banyan/kit/groups-testing';
import { categoriesConfig } from './config.ts';
import { startService } from './service.ts';

/**
 * A running instance on a file of its own. With DATA_FOLDER in `env`, the folder is the caller's and stays.
 *
 * @param env besides the address of the mesh
 */
export function startInstance(meshUrl: string, env?: Record<string, string>): Promise<GroupsInstance> {
  return startOnFile('categories', (given, logger) => startService(categoriesConfig(given), logger), meshUrl, env);
}
