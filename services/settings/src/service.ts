import { allowBrowsers } from '@banyan/kit/api';
import { peersOnly } from '@banyan/kit/basic';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { placeOf } from '@banyan/kit/common-settings';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { platformOf, requireCurrencyBy } from '@banyan/kit/peers';
import { prepareStore, type RunningService, runService } from '@banyan/kit/run';
import { type Config, fileOf, settingsConfig } from './config.ts';
import { addRoutes } from './routes.ts';
import { openStore, type Store } from './store.ts';

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = settingsConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'settings' });
  closeOnSignal(await startService(config, logger), logger);
}

export interface Service extends RunningService {
  store: Pick<Store, 'read' | 'change'>;
}

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<Service> {
  const store = openStore(fileOf(config), now);
  const platform = platformOf(config, { now });
  const requireCurrency = requireCurrencyBy(platform.asking, now, config.CURRENCY_FRESH_MS);

  const metrics = new Metrics();
  const server = await createServer({
    logger,
    metrics,
    errors: {},
    checks: { store: () => store.ping() },
    forms: false,
    docs: { title: 'settings', version: '1', description: 'The settings of the store' },
  });
  await allowBrowsers(server);
  addImportRoutes(server, store.moves, config.MIGRATION_TOKEN);
  addRoutes(server, { ...platform, store, requireCurrency, requirePeer: peersOnly(platform.credentials), now });

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'settings', server, logger, metrics },
    prepare: async () => {
      if (await prepareStore(store, 'settings', config, logger)) await store.begin();
    },
    publishes: store.published,
    release: async () => {
      await Promise.all([platform.mesh.close(), store.close()]);
    },
  });
  return { ...running, store };
}
