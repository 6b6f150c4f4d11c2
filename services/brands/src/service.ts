import { type Clock, systemClock } from '@banyan/kit/clock';
import { type GroupService, startGroupService } from '@banyan/kit/groups';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { brandsConfig, type Config } from './config.ts';
import { kind } from './contract.ts';
import { openStore } from './store.ts';

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = brandsConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'brands' });
  closeOnSignal(await startService(config, logger), logger);
}

/** Starts the service. What it does is the kit's; the kind of the groups and the store are its own. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<GroupService> {
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'an idle connection to the store was lost');
  const store = openStore(config.DATABASE_URL, config.DATABASE_CONNECTIONS, onIdleError, now);
  return startGroupService({ kind, description: 'Brands and their tree', config, store, logger, now });
}
