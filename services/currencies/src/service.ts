import { randomUUID } from 'node:crypto';
import { allowBrowsers } from '@banyan/kit/api';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { placeOf } from '@banyan/kit/common-settings';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { platformOf } from '@banyan/kit/peers';
import { prepareStore, type RunningService, runService } from '@banyan/kit/run';
import { type Config, currenciesConfig, fileOf } from './config.ts';
import { firstCurrencies } from './domain.ts';
import { currenciesErrors } from './errors.ts';
import { addRoutes } from './routes.ts';
import { openStore, type Store } from './store.ts';

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = currenciesConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'currencies' });
  closeOnSignal(await startService(config, logger), logger);
}

export interface Service extends RunningService {
  store: Pick<Store, 'all' | 'change'>;
}

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<Service> {
  const store = openStore(fileOf(config), config.PUBLIC_URL, now);
  const platform = platformOf(config, { now });

  const metrics = new Metrics();
  const server = await createServer({
    logger,
    metrics,
    errors: currenciesErrors,
    checks: { store: () => store.ping() },
    forms: false,
    docs: { title: 'currencies', version: '1', description: 'The currencies of the store' },
  });
  await allowBrowsers(server);
  addImportRoutes(server, store.moves, config.MIGRATION_TOKEN);
  addRoutes(server, { ...platform, store, publicUrl: config.PUBLIC_URL, now });

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'currencies', server, logger, metrics },
    prepare: async () => {
      if (await prepareStore(store, 'currencies', config, logger)) await makeFirst(store);
    },
    publishes: store.published,
    release: async () => {
      await Promise.all([platform.mesh.close(), store.close()]);
    },
  });
  return { ...running, store };
}

/** Without a migration a new store has its first currency from the start. */
async function makeFirst(store: Store): Promise<void> {
  if ((await store.all()).length > 0) return;
  await store.change({}, (_none, at) => firstCurrencies(randomUUID(), at));
}
