import { randomUUID } from 'node:crypto';
import { authenticator, subjectFinder } from '@banyan/kit/access';
import { allowBrowsers } from '@banyan/kit/api';
import { openMeshClient } from '@banyan/kit/client';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { brokerOf, credentialsOf, leaseOf } from '@banyan/kit/common-settings';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { type RunningService, runService } from '@banyan/kit/run';
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
  const mesh = openMeshClient({ meshUrl: config.MESH_URL });
  const issuer = { service: 'monolith', path: '/oauth/introspect', credentials: credentialsOf(config) };
  const keys = { service: 'auth', path: '/.well-known/jwks.json' };
  const authenticate = authenticator({ mesh, now, keys, opaque: issuer });
  const findCustomer = subjectFinder({ mesh, now, issuer, hint: 'customer_token' });

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
  addRoutes(server, { store, authenticate, findCustomer, publicUrl: config.PUBLIC_URL, now });

  const running = await runService({
    name: 'currencies',
    server,
    host: config.HOST,
    port: config.PORT,
    prepare: async () => {
      const applied = await store.applySchema();
      if (applied.length > 0) logger.info({ applied }, 'schema brought up to date');
      if (config.MIGRATION_TOKEN === undefined) await ownAlone(store);
    },
    lease: leaseOf(config),
    broker: brokerOf(config),
    publishes: store.published,
    metrics,
    release: async () => {
      await Promise.all([mesh.close(), store.close()]);
    },
    logger,
  });
  return { ...running, store };
}

/** Without a migration the service owns the currencies from the start, and a new store has its first one. */
async function ownAlone(store: Store): Promise<void> {
  await store.moves.ownAlone('currencies');
  if ((await store.all()).length > 0) return;
  await store.change({}, (_none, at) => firstCurrencies(randomUUID(), at));
}
