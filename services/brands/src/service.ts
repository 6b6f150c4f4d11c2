import { authenticator, subjectFinder } from '@banyan/kit/access';
import { allowBrowsers } from '@banyan/kit/api';
import { openMeshClient } from '@banyan/kit/client';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { brokerOf, credentialsOf, leaseOf } from '@banyan/kit/common-settings';
import { EntityFields, FieldIncludes } from '@banyan/kit/fields';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger, type Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { type RunningService, runService } from '@banyan/kit/run';
import { brandsConfig, type Config } from './config.ts';
import { flow } from './contract.ts';
import { brandsErrors } from './errors.ts';
import { Peers } from './peers.ts';
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
  store: Pick<Store, 'transaction' | 'linksOf'>;
}

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<Service> {
  const credentials = credentialsOf(config);
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'an idle connection to the store was lost');
  const store = openStore(config.DATABASE_URL, config.DATABASE_CONNECTIONS, onIdleError, now);
  const mesh = openMeshClient({ meshUrl: config.MESH_URL });
  const issuer = { service: 'monolith', path: '/oauth/introspect', credentials };
  const keys = { service: 'auth', path: '/.well-known/jwks.json' };
  const authenticate = authenticator({ mesh, now, keys, opaque: issuer });
  const findCustomer = subjectFinder({ mesh, now, issuer, hint: 'customer_token' });
  const peers = new Peers({
    mesh,
    credentials,
    now,
    pageLengthFreshMs: config.PAGE_LENGTH_FRESH_MS,
    currencyFreshMs: config.CURRENCY_FRESH_MS,
  });

  const metrics = new Metrics();
  const fields = new EntityFields(flow, { mesh, credentials, now, freshMs: config.FIELDS_FRESH_MS });

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
  const includes = new FieldIncludes({ mesh, credentials });
  const callers = { authenticate, findCustomer };
  addRoutes(server, { store, peers, fields, includes, ...callers, publicUrl: config.PUBLIC_URL, now });

  const running = await runService({
    name: 'brands',
    server,
    host: config.HOST,
    port: config.PORT,
    prepare: async () => {
      const applied = await store.applySchema();
      if (applied.length > 0) logger.info({ applied }, 'schema brought up to date');
      if (config.MIGRATION_TOKEN === undefined) await store.moves.ownAlone('brands');
      // Known from the start, if the peer is there: writes need them.
      await fields.shown({});
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
  return { ...running, store, printRoutes: () => server.printRoutes({ commonPrefix: false }) };
}
