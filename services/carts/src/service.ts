import { allowBrowsers } from '@banyan/kit/api';
import { peersOnly } from '@banyan/kit/basic';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { placeOf } from '@banyan/kit/common-settings';
import { addTargetRoutes, EntityFields, FieldIncludes } from '@banyan/kit/fields';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { platformOf, settingsOf } from '@banyan/kit/peers';
import { prepareStore, type RunningService, runService } from '@banyan/kit/run';
import { type Config, cartsConfig } from './config.ts';
import { flows } from './contract.ts';
import { Currencies } from './currencies.ts';
import { existingIn } from './entities.ts';
import { cartsErrors } from './errors.ts';
import { AutomaticPromotions } from './offers.ts';
import { replyOnce } from './once.ts';
import { Peers } from './peers.ts';
import { addRoutes } from './routes.ts';
import { openStore, type Store } from './store.ts';

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = cartsConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'carts' });
  closeOnSignal(await startService(config, logger), logger);
}

export interface Service extends RunningService {
  /** All routes, in the form that Fastify prints. */
  printRoutes(): string;
  store: Store;
}

/** A hundred products with long descriptions. */
const maxReplyBytes = 16 * 1_048_576;

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<Service> {
  const store = openStore({
    url: config.REDIS_URL,
    tag: config.REDIS_TAG,
    now,
    onIdleError: (error) => logger.warn({ err: error }, 'the connection to the store was lost'),
    onCareless: (fault) => logger.warn({ fault }, 'the store may lose what it acknowledged'),
  });
  const platform = platformOf(config, { now, maxReplyBytes });
  const { asking } = platform;
  const settings = settingsOf(asking, now, config.PAGE_LENGTH_FRESH_MS);
  const peers = new Peers(asking);
  const fieldsOf = (slug: string) => new EntityFields(slug, { ...platform, now, freshMs: config.FIELDS_FRESH_MS });
  const [cartFields, lineFields] = [fieldsOf(flows.carts), fieldsOf(flows.lines)];
  const automatic = new AutomaticPromotions(peers, now, config.PROMOTIONS_FRESH_MS);
  const currencies = new Currencies(asking, now, config.CURRENCY_FRESH_MS);

  const server = await createServer({
    logger,
    metrics: new Metrics(),
    errors: cartsErrors,
    checks: { store: () => store.ping() },
    forms: false,
    docs: { title: 'carts', version: '1', description: 'Carts, their lines, taxes and promotion codes' },
  });
  await allowBrowsers(server);
  addImportRoutes(server, store.moves, config.MIGRATION_TOKEN);
  const once = replyOnce(store, now);
  const includes = new FieldIncludes(platform);
  addRoutes(
    server,
    {
      ...{ store, peers, currencies, automatic, cartFields, lineFields, includes, once, settings, now },
      publicUrl: config.PUBLIC_URL,
    },
    platform,
  );
  addTargetRoutes(server, { requirePeer: peersOnly(platform.credentials), of: existingIn(store) });

  const sweeping = setInterval(() => {
    store.sweep().catch((error: unknown) => logger.warn({ err: error }, 'expired carts were not swept'));
  }, config.SWEEP_EVERY_MS);
  sweeping.unref();

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'carts', server, logger },
    prepare: async () => {
      await prepareStore(store, 'carts', config, logger);
      // Known from the start, if their owners are there: writes need the fields, and prices the settings.
      await Promise.all([cartFields.shown({}), lineFields.shown({}), settings({})]);
    },
    publishes: store.published,
    release: async () => {
      clearInterval(sweeping);
      await Promise.all([platform.mesh.close(), store.close()]);
    },
  });
  return { ...running, store, printRoutes: () => server.printRoutes({ commonPrefix: false }) };
}
