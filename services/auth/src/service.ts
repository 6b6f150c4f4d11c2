import { openMeshClient } from '@banyan/kit/client';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { placeOf } from '@banyan/kit/common-settings';
import { createServer } from '@banyan/kit/http';
import { addImportRoutes } from '@banyan/kit/import';
import type { Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { type RunningService, runService } from '@banyan/kit/run';
import { applySchema } from '@banyan/kit/schema';
import { limitsOf, SlowHasher, scryptOffLoop } from '@banyan/kit/secrets';
import { ClientCache } from './clients/client-cache.ts';
import type { Config } from './config.ts';
import { authErrors } from './errors.ts';
import { Housekeeping } from './housekeeping.ts';
import { openClientMoves } from './import.ts';
import { KeyKeeper } from './keys/key-keeper.ts';
import { rotationPolicy } from './keys/policy.ts';
import { sealingWith } from './keys/sealing.ts';
import { authMetrics } from './metrics.ts';
import { addRoutes } from './routes.ts';
import { SecretUpgrades } from './secrets/upgrades.ts';
import { SecretVerifier } from './secrets/verifier.ts';
import { openStore, schemaFolder } from './store.ts';
import { basicAuth } from './tokens/caller.ts';
import { Introspector } from './tokens/introspector.ts';
import { TokenIssuer } from './tokens/issuer.ts';
import { OpaqueTokens } from './tokens/opaque-tokens.ts';
import { RefreshTokens } from './tokens/refresh-tokens.ts';

export interface Service extends RunningService {
  /** All routes, in the form that Fastify prints. */
  printRoutes(): string;
}

/** Builds and starts the service. Every dependency is an argument, so this function shows what uses what. */
export async function startService(config: Config, logger: Logger, now: Clock = systemClock): Promise<Service> {
  const staleMs = config.STALE_LIMIT_S * 1_000;
  const caller =
    config.INTROSPECTION_CLIENT_ID === undefined
      ? null
      : { id: config.INTROSPECTION_CLIENT_ID, secret: config.INTROSPECTION_CLIENT_SECRET ?? '' };

  // Store and peers
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'an idle connection to the store was lost');
  const store = openStore(config.DATABASE_URL, config.DATABASE_CONNECTIONS, onIdleError);
  const clientMoves = openClientMoves(config.DATABASE_URL, onIdleError);
  const mesh = openMeshClient({ meshUrl: config.MESH_URL });

  // Clients and their secrets
  const metrics = new Metrics();
  const counters = authMetrics(metrics);
  const clients = new ClientCache({
    load: (clientId) => store.findClient(clientId),
    now,
    freshMs: config.CLIENT_FRESH_MS,
    staleMs,
    entries: config.CLIENT_CACHE_ENTRIES,
  });
  const slow = new SlowHasher(scryptOffLoop, limitsOf(config), config.SLOW_HASH_QUEUE);
  const upgrades = new SecretUpgrades({ store, clients, logger, upgraded: counters.upgraded });
  const housekeeping = new Housekeeping({ store, logger, periodMs: config.KEY_REFRESH_MS });
  const verifier = new SecretVerifier({
    slow,
    slowInUse: () => housekeeping.slowParameters,
    onUpgrade: (client, from, to) => upgrades.begin(client, from, to),
  });

  // Signing keys
  const sealing = sealingWith(config.KEY_ENCRYPTION_KEY, config.KEY_ENCRYPTION_KEY_PREVIOUS);
  if (config.KEY_ENCRYPTION_KEY === undefined)
    logger.warn('KEY_ENCRYPTION_KEY is not set: private signing keys are stored unsealed');
  const keys = new KeyKeeper({ store, sealing, policy: rotationPolicy(config), now });

  // Tokens
  const rules = { issuer: config.ISSUER, ttlS: config.TOKEN_TTL_S };
  const refreshTokens = new RefreshTokens(mesh);
  const issuer = new TokenIssuer({ clients, verifier, refreshTokens, keyring: keys.keyring, rules, now });
  const opaque = new OpaqueTokens({
    mesh,
    caller,
    now,
    entries: config.INTROSPECTION_CACHE_ENTRIES,
    freshMs: config.INTROSPECTION_FRESH_MS,
    staleMs,
    negativeMs: config.INTROSPECTION_NEGATIVE_MS,
  });
  const introspector = new Introspector({ keyring: keys.keyring, clients, opaque, issuer: config.ISSUER, now });

  // HTTP
  const server = await createServer({
    logger,
    metrics,
    errors: authErrors,
    checks: {
      store: () => store.ping(),
      keys: () => {
        keys.keyring.signer(now());
      },
    },
    docs: { title: 'auth', version: '1', description: 'Access tokens, API clients, signing keys' },
  });
  addRoutes(server, {
    issuer,
    introspector,
    keyring: keys.keyring,
    authenticateCaller: basicAuth(caller),
    metrics: counters,
  });
  // The monolith is the only writer of clients, so this service never owns them: it has no route that would write one.
  addImportRoutes(server, clientMoves.moves, config.MIGRATION_TOKEN);
  metrics.gauge('auth_clients_cached', 'Clients in memory', () => clients.size);
  metrics.gauge('auth_slow_hashes_waiting', 'Requests that wait for a slow hash', () => slow.waiting);

  const running = await runService({
    ...placeOf(config),
    ...{ name: 'auth', server, logger },
    prepare: async () => {
      const applied = await applySchema({ url: config.DATABASE_URL, folder: schemaFolder });
      if (applied.length > 0) logger.info({ applied }, 'schema brought up to date');
      await keys.maintain();
      await housekeeping.start(keys, clients);
    },
    release: async () => {
      await housekeeping.stop();
      await upgrades.settled();
      await Promise.all([mesh.close(), store.close(), clientMoves.close()]);
    },
  });
  return { ...running, printRoutes: () => server.printRoutes({ commonPrefix: false }) };
}
