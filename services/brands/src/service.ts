import { allowBrowsers } from '@banyan/kit/api';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { placeOf } from '@banyan/kit/common-settings';
import { EntityFields, FieldIncludes } from '@banyan/kit/fields';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { type CleaningUp, startCleanUp } from '@banyan/kit/once';
import { pageLengthOf, platformOf, requireCurrencyBy } from '@banyan/kit/peers';
import { prepareStore, type RunningService, runService } from '@banyan/kit/run';
import { brandsConfig, type Config } from './config.ts';
import { flow } from './contract.ts';
import { brandsErrors } from './errors.ts';
import { Products } from './products.ts';
import { addRoutes } from './routes.ts';
import { openStore, type Store } from './store.ts';

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = brandsConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'brands' });
  closeOnSignal(await startService(config, logger), logger);
}

export interface Service extends RunningService {
  /** All routes, in the form that Fastify prints. */
  printRoutes(): string;
  store: Pick<Store, 'transaction' | 'linksOf' | 'forgetReplies'>;
}

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<Service> {
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'an idle connection to the store was lost');
  const store = openStore(config.DATABASE_URL, config.DATABASE_CONNECTIONS, onIdleError, now);
  const platform = platformOf(config, { now });
  const pageLength = pageLengthOf(platform.asking, now, config.PAGE_LENGTH_FRESH_MS);
  const requireCurrency = requireCurrencyBy(platform.asking, now, config.CURRENCY_FRESH_MS);
  const products = new Products(platform.asking);
  const fields = new EntityFields(flow, { ...platform, now, freshMs: config.FIELDS_FRESH_MS });
  let cleaningUp: CleaningUp | undefined;

  const metrics = new Metrics();
  const server = await createServer({
    logger,
    metrics,
    errors: brandsErrors,
    checks: { store: () => store.ping() },
    forms: false,
    docs: { title: 'brands', version: '1', description: 'Brands and their tree' },
  });
  await allowBrowsers(server);
  addImportRoutes(server, store.moves, config.MIGRATION_TOKEN);
  const includes = new FieldIncludes(platform);
  const handlers = { ...platform, store, products, pageLength, requireCurrency, fields, includes, now };
  addRoutes(server, { ...handlers, publicUrl: config.PUBLIC_URL });

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'brands', server, logger, metrics },
    prepare: async () => {
      await prepareStore(store, 'brands', config, logger);
      // Known from the start, if the peer is there: writes need them.
      await fields.shown({});
      cleaningUp ??= startCleanUp(store, logger);
    },
    publishes: store.published,
    release: async () => {
      await cleaningUp?.stop();
      await Promise.all([platform.mesh.close(), store.close()]);
    },
  });
  return { ...running, store, printRoutes: () => server.printRoutes({ commonPrefix: false }) };
}
