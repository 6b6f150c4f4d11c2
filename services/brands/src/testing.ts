import { type GroupsInstance, startOnMariadb } from '@banyan/kit/groups-testing';
import { brandsConfig } from './config.ts';
import { startService } from './service.ts';

/**
 * A running instance on a database of its own.
 *
 * @param env besides the addresses of its store and of the mesh
 */
export function startInstance(meshUrl: string, env?: Record<string, string>): Promise<GroupsInstance> {
  return startOnMariadb('brands', (given, logger) => startService(brandsConfig(given), logger), meshUrl, env);
}
