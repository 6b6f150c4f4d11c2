import { allowBrowsers } from '@banyan/kit/api';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { brokerOf, placeOf } from '@banyan/kit/common-settings';
import type { NewEvent } from '@banyan/kit/events';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { pageLengthOf, platformOf, requireCurrencyBy } from '@banyan/kit/peers';
import { prepareStore, type RunningService, runService } from '@banyan/kit/run';
import { type Config, integrationsConfig, networksIn } from './config.ts';
import { integrationsErrors } from './errors.ts';
import { allowedNetworks } from './outbound/networks.ts';
import { resolveByDns } from './outbound/post.ts';
import { addRoutes } from './routes.ts';
import { openStore, resourceName, type Store } from './store.ts';
import { hear } from './webhooks/hear.ts';
import { startWorking, type Working } from './webhooks/work.ts';

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = integrationsConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'integrations' });
  closeOnSignal(await startService(config, logger), logger);
}

export interface Service extends RunningService {
  /** All routes, in the form that Fastify prints. */
  printRoutes(): string;
  store: Store;
  /** Handles a fact, as the consumer does. */
  hear(event: NewEvent): Promise<void>;
}

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<Service> {
  const store = openStore({
    url: config.DATABASE_URL,
    maxConnections: config.DATABASE_CONNECTIONS,
    publicUrl: config.PUBLIC_URL,
    now,
    onIdleError: (error) => logger.warn({ err: error }, 'an idle connection to the store was lost'),
  });
  const platform = platformOf(config, { now });
  const pageLength = pageLengthOf(platform.asking, now, config.PAGE_LENGTH_FRESH_MS);
  const requireCurrency = requireCurrencyBy(platform.asking, now, config.CURRENCY_FRESH_MS);
  const allowed = allowedNetworks(networksIn(config.WEBHOOK_NETWORKS));
  const out = { allowed, resolve: resolveByDns, timeoutMs: config.WEBHOOK_TIMEOUT_MS };
  let working: Working | undefined;

  const metrics = new Metrics();
  const server = await createServer({
    logger,
    metrics,
    errors: integrationsErrors,
    checks: { store: () => store.db.ping() },
    forms: false,
    docs: { title: 'integrations', version: '1', description: 'Webhooks, their deliveries and logs' },
  });
  await allowBrowsers(server);
  addImportRoutes(server, store.moves, config.MIGRATION_TOKEN);
  const handlers = { ...platform, store, pageLength, requireCurrency, allowed, now };
  addRoutes(server, { ...handlers, publicUrl: config.PUBLIC_URL });

  const handle = (event: NewEvent) => hear({ store, now, onPlanned: () => working?.wake() }, event);
  if (brokerOf(config) === null) logger.warn('without a broker this service hears of nothing, so it delivers nothing');

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'integrations', server, logger, metrics },
    prepare: async () => {
      await prepareStore(store, resourceName, config, logger);
      working = startWorking({
        ...{ store, out, now, logger },
        concurrency: config.WEBHOOK_CONCURRENCY,
        lookEveryMs: config.WEBHOOK_LOOK_EVERY_MS,
      });
    },
    publishes: store.db,
    consumes: [{ name: 'integrations.webhooks', types: ['#'], store: store.db, handle }],
    release: async () => {
      await working?.stop();
      await Promise.all([platform.mesh.close(), store.db.close()]);
    },
  });
  return {
    ...running,
    store,
    printRoutes: () => server.printRoutes({ commonPrefix: false }),
    hear: handle,
  };
}
