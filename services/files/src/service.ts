import { allowBrowsers, isUuid } from '@banyan/kit/api';
import { peersOnly } from '@banyan/kit/basic';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { placeOf } from '@banyan/kit/common-settings';
import { addContentRoutes, ContentFolder } from '@banyan/kit/content';
import { addTargetRoutes } from '@banyan/kit/fields';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { pageLengthOf, platformOf, requireCurrencyBy } from '@banyan/kit/peers';
import { prepareStore, type RunningService, runService } from '@banyan/kit/run';
import { type Config, filesConfig, placesIn } from './config.ts';
import { maxFileBytes } from './contract.ts';
import { filesErrors } from './errors.ts';
import { addRoutes } from './routes.ts';
import { openStore, type Store } from './store.ts';
import { type Sweeping, startSweeping } from './sweeping.ts';

/** A file of a slow client takes its time. The edge has the same limit. */
const requestTimeoutMs = 300_000;

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = filesConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'files' });
  closeOnSignal(await startService(config, logger), logger);
}

export interface Service extends RunningService {
  store: Store;
  folder: ContentFolder;
}

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<Service> {
  const places = placesIn(config);
  const folder = new ContentFolder(places.content);
  const publicUrl = config.PUBLIC_URL;
  const store = openStore({ path: places.store, folder, publicUrl, now });
  const platform = platformOf(config, { now });
  const pageLength = pageLengthOf(platform.asking, now, config.PAGE_LENGTH_FRESH_MS);
  const requireCurrency = requireCurrencyBy(platform.asking, now, config.CURRENCY_FRESH_MS);
  let sweeping: Sweeping | undefined;

  const metrics = new Metrics();
  const server = await createServer({
    logger,
    metrics,
    errors: filesErrors,
    checks: { store: () => store.ping() },
    forms: false,
    requestTimeoutMs,
    docs: { title: 'files', version: '1', description: 'Files: what is known of them, and their content' },
  });
  await allowBrowsers(server);
  const { MIGRATION_TOKEN: token } = config;
  addImportRoutes(server, store.moves, token);
  addContentRoutes(server, { resource: 'files', folder, maxBytes: maxFileBytes, token });
  addRoutes(server, { ...platform, store, folder, pageLength, requireCurrency, publicUrl, now });
  addTargetRoutes(server, {
    requirePeer: peersOnly(platform.credentials),
    of: {
      file: async (ids) => {
        const found = await Promise.all(ids.filter(isUuid).map((id) => store.find(id.toLowerCase(), false)));
        return found.flatMap((file) => (file === undefined ? [] : [file.id]));
      },
    },
  });

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'files', server, logger, metrics },
    prepare: async () => {
      await prepareStore(store, 'files', config, logger);
      // Not before: only the process that has the store's file may delete content.
      sweeping ??= startSweeping({ folder, store, now, logger });
    },
    publishes: store.published,
    release: async () => {
      await sweeping?.stop();
      await Promise.all([platform.mesh.close(), store.close()]);
    },
  });
  return { ...running, store, folder };
}
