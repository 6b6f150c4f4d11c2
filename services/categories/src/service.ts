import { type Clock, systemClock } from '@banyan/kit/clock';
import { type GroupService, startGroupService } from '@banyan/kit/groups';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { type Config, categoriesConfig, fileOf } from './config.ts';
import { kind } from './contract.ts';
import { openStore } from './store.ts';

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = categoriesConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'categories' });
  closeOnSignal(await startService(config, logger), logger);
}

/** Starts the service. What it does is the kit's; the kind of the groups and the store are its own. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<GroupService> {
  const store = openStore(fileOf(config), now);
  return startGroupService({ kind, description: 'Categories and their tree', config, store, logger, now });
}
