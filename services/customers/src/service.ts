import { randomBytes } from 'node:crypto';
import { allowBrowsers } from '@banyan/kit/api';
import { peersOnly } from '@banyan/kit/basic';
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
import { limitsOf, type SlowFunction, SlowHasher, scryptOffLoop } from '@banyan/kit/secrets';
import { type Config, customersConfig } from './config.ts';
import { flows } from './contract.ts';
import { customersErrors } from './errors.ts';
import { Passwords } from './passwords.ts';
import { addRoutes } from './routes.ts';
import { openStore, type Store } from './store.ts';
import { CustomerTokens } from './tokens.ts';

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = customersConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'customers' });
  closeOnSignal(await startService(config, logger), logger);
}

export interface Service extends RunningService {
  /** All routes, in the form that Fastify prints. */
  printRoutes(): string;
  store: Store;
}

/**
 * Builds and starts the service. Every dependency is an argument, so this function shows what uses what.
 *
 * @param compute what hashes passwords
 */
export async function startService(
  config: Config,
  logger: Logger,
  now: Clock = systemClock,
  compute: SlowFunction = scryptOffLoop,
): Promise<Service> {
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'an idle connection to the store was lost');
  const store = openStore(config.DATABASE_URL, config.DATABASE_CONNECTIONS, onIdleError, now);
  const platform = platformOf(config, { now });
  const pageLength = pageLengthOf(platform.asking, now, config.PAGE_LENGTH_FRESH_MS);
  const requireCurrency = requireCurrencyBy(platform.asking, now, config.CURRENCY_FRESH_MS);
  const fieldsOf = (slug: string) => new EntityFields(slug, { ...platform, now, freshMs: config.FIELDS_FRESH_MS });
  const [customerFields, addressFields] = [fieldsOf(flows.customers), fieldsOf(flows.addresses)];
  const slow = new SlowHasher(compute, limitsOf(config), config.SLOW_HASH_QUEUE);
  const tokens = new CustomerTokens(store, now);
  let cleaningUp: CleaningUp | undefined;

  const metrics = new Metrics();
  metrics.gauge('customers_slow_hashes_waiting', 'Requests that wait for the hash of a password', () => slow.waiting);
  const server = await createServer({
    logger,
    metrics,
    errors: customersErrors,
    checks: { store: () => store.ping() },
    forms: false,
    docs: { title: 'customers', version: '1', description: 'Customers, their addresses and their tokens' },
  });
  await allowBrowsers(server);
  addImportRoutes(server, store.moves, config.MIGRATION_TOKEN);
  addRoutes(server, {
    ...{ store, pageLength, requireCurrency, customerFields, addressFields, tokens, now },
    ...{ passwords: new Passwords(slow), includes: new FieldIncludes(platform), publicUrl: config.PUBLIC_URL },
    authenticate: platform.authenticate,
    // Not asked of `customers` through the mesh, as others do: that may be the other side.
    findCustomer: async (token) => (await tokens.read(token))?.customerId ?? null,
    requirePeer: peersOnly(platform.credentials),
  });

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'customers', server, logger, metrics },
    prepare: async () => {
      // Otherwise the migration brings the monolith's key.
      if (await prepareStore(store, 'customers', config, logger)) await store.makeTokenKey(randomBytes(32));
      // Known from the start, if the peer is there: writes need them.
      await Promise.all([customerFields.shown({}), addressFields.shown({})]);
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
