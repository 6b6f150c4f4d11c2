import { allowBrowsers } from '@banyan/kit/api';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { placeOf } from '@banyan/kit/common-settings';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { pageLengthOf, platformOf, requireCurrencyBy } from '@banyan/kit/peers';
import { prepareStore, type RunningService, runService } from '@banyan/kit/run';
import { type Config, fileOf, jobsConfig } from './config.ts';
import { jobsErrors } from './errors.ts';
import { Orders, ordersConsumer } from './orders.ts';
import { ordersOwner } from './owner.ts';
import { addRoutes } from './routes.ts';
import { type Runner, startRunner } from './runner.ts';
import { openStore, type Store } from './store.ts';

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = jobsConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'jobs' });
  // The engine cannot be opened again in this process: another process has to begin.
  const onFatal = (error: Error) => {
    logger.fatal({ err: error }, 'the store cannot be used by this process any more');
    setImmediate(() => process.exit(1));
  };
  closeOnSignal(await startService(config, logger, { onFatal }), logger);
}

export interface Service extends RunningService {
  store: Store;
  orders: Orders;
}

export interface ServiceOptions {
  now?: Clock;
  onFatal?: (error: Error) => void;
}

/** A page of orders with many items. */
const maxReplyBytes = 32 * 1_048_576;

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, options: ServiceOptions = {}): Promise<Service> {
  const { now = systemClock, onFatal = () => {} } = options;
  const store = openStore({ path: fileOf(config), now, onFatal });
  const platform = platformOf(config, { now, maxReplyBytes });
  const pageLength = pageLengthOf(platform.asking, now, config.PAGE_LENGTH_FRESH_MS);
  const requireCurrency = requireCurrencyBy(platform.asking, now, config.CURRENCY_FRESH_MS);
  const orders = new Orders(store.db, store.orders, ordersOwner(platform.mesh, platform.credentials));
  let runner: Runner | undefined;

  const metrics = new Metrics();
  const server = await createServer({
    logger,
    metrics,
    errors: jobsErrors,
    checks: { store: () => store.ping() },
    forms: false,
    docs: { title: 'jobs', version: '1', description: 'Exports of orders, and reports over them' },
  });
  await allowBrowsers(server);
  addImportRoutes(server, store.moves, config.MIGRATION_TOKEN);
  addRoutes(server, {
    ...platform,
    ...{ store, pageLength, requireCurrency, publicUrl: config.PUBLIC_URL, now },
    onMade: () => runner?.wake(),
  });

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'jobs', server, logger, metrics },
    prepare: async () => {
      await prepareStore(store, 'jobs', config, logger);
      runner ??= startRunner({
        ...{ store, orders, logger, lookEveryMs: config.LOOK_EVERY_MS, refreshEveryMs: config.REFRESH_EVERY_MS },
      });
    },
    consumes: [{ name: ordersConsumer, types: ['order.*'], store: store.db, handle: orders.handle }],
    release: async () => {
      await runner?.stop();
      await Promise.all([platform.mesh.close(), store.close()]);
    },
  });
  return { ...running, store, orders };
}
