import { allowBrowsers } from '@banyan/kit/api';
import { peersOnly } from '@banyan/kit/basic';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { placeOf } from '@banyan/kit/common-settings';
import { FieldIncludes } from '@banyan/kit/fields';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { type CleaningUp, startCleanUp } from '@banyan/kit/once';
import { pageLengthOf, platformOf, requireCurrencyBy } from '@banyan/kit/peers';
import { prepareStore, type RunningService, runService } from '@banyan/kit/run';
import { type Config, flowsConfig } from './config.ts';
import { flowsErrors } from './errors.ts';
import { includedEntries } from './peer-routes.ts';
import { addRoutes } from './routes.ts';
import { openStore, type Store } from './store.ts';
import { LinkTargets } from './targets.ts';

/** A page of entries of a core flow, whose owner shows texts of up to 65,536 characters. */
const maxReplyBytes = 32 * 1_048_576;

/** Runs the service until it is told to stop. */
export async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = flowsConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'flows' });
  closeOnSignal(await startService(config, logger), logger);
}

export interface Service extends RunningService {
  store: Pick<Store, 'transaction' | 'forgetReplies'>;
}

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<Service> {
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'an idle connection to the store was lost');
  const store = openStore(config.DATABASE_URL, config.DATABASE_CONNECTIONS, onIdleError, now);
  const platform = platformOf(config, { now, maxReplyBytes });
  const pageLength = pageLengthOf(platform.asking, now, config.PAGE_LENGTH_FRESH_MS);
  const requireCurrency = requireCurrencyBy(platform.asking, now, config.CURRENCY_FRESH_MS);
  const publicUrl = config.PUBLIC_URL;
  const targets = new LinkTargets(store, platform);
  const entries = (to: string, ids: readonly string[]) => includedEntries(store, publicUrl, to, ids);
  const includes = new FieldIncludes({ ...platform, entries });
  let cleaningUp: CleaningUp | undefined;

  const metrics = new Metrics();
  const server = await createServer({
    logger,
    metrics,
    errors: flowsErrors,
    checks: { store: () => store.ping() },
    forms: false,
    docs: { title: 'flows', version: '1', description: 'Flows, their fields, and entries' },
  });
  await allowBrowsers(server);
  addImportRoutes(server, store.moves, config.MIGRATION_TOKEN);
  const requirePeer = peersOnly(platform.credentials);
  addRoutes(server, {
    ...{ ...platform, store, targets, includes, requirePeer, pageLength, requireCurrency, publicUrl, now },
  });

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'flows', server, logger, metrics },
    prepare: async () => {
      await prepareStore(store, 'flows', config, logger);
      cleaningUp ??= startCleanUp(store, logger);
    },
    release: async () => {
      await cleaningUp?.stop();
      await Promise.all([platform.mesh.close(), store.close()]);
    },
  });
  return { ...running, store };
}
