import { openMeshClient } from '@banyan/kit/client';
import { brokerOf } from '@banyan/kit/common-settings';
import { ContentFolder } from '@banyan/kit/content';
import { createServer } from '@banyan/kit/http';
import type { Logger } from '@banyan/kit/log';
import { Metrics } from '@banyan/kit/metrics';
import { type RunningService, runService } from '@banyan/kit/run';
import { applySchema } from '@banyan/kit/schema';
import { addBacklogGauges } from '../backlog/gauges.ts';
import { contentSide } from '../contents/content-side.ts';
import { ContentMover } from '../contents/contents.ts';
import { withContents } from '../contents/with-contents.ts';
import { detachFacts } from '../facts/capture.ts';
import { monolithFacts } from '../facts/feed.ts';
import { factsFault } from '../facts/flowing.ts';
import { Journal } from '../journal/journal.ts';
import { openPool } from '../monolith/database.ts';
import type { Resource } from '../resources/resource.ts';
import { serviceSide } from '../service/service-side.ts';
import { meshAdmin } from '../switch/mesh-admin.ts';
import type { Config } from './config.ts';
import { RelayConnection } from './relay-connection.ts';
import { addRoutes, workerErrors } from './routes.ts';
import { Worker } from './worker.ts';

const schemaFolder = new URL('../../schema/', import.meta.url);

/** Builds and starts the worker: a process that moves resources until it is told to stop. */
export async function startWorker(
  config: Config,
  resources: readonly Resource[],
  logger: Logger,
): Promise<RunningService> {
  const broker = brokerOf(config);
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'an idle connection was lost');
  const monolith = openPool(config.MONOLITH_DATABASE_URL, onIdleError);
  const own = openPool(config.DATABASE_URL, onIdleError);
  // Longer replies than those between services: a reply holds thousands of aggregates.
  const mesh = openMeshClient({ meshUrl: config.MESH_URL, maxReplyBytes: 256 * 1_048_576 });
  const contents = new ContentMover({
    folder: config.FILES_FOLDER === undefined ? null : new ContentFolder(config.FILES_FOLDER),
    service: contentSide(mesh, config.MIGRATION_TOKEN),
    monolith,
  });
  const service = withContents(serviceSide(mesh, config.MIGRATION_TOKEN), contents);
  const relay = new RelayConnection(config.MONOLITH_DATABASE_URL, service.import, logger);
  const worker = new Worker({
    resources,
    monolith,
    service,
    contents,
    relay: () => relay.get(),
    journal: new Journal(own),
    mesh: meshAdmin(config.MESH_ADMIN_URL, config.MESH_ADMIN_TOKEN),
    logger,
    now: () => new Date(),
    publicUrl: config.PUBLIC_URL,
    factsFault: factsFault(broker, monolith),
  });
  const metrics = new Metrics();
  addBacklogGauges(metrics, worker);
  const server = await createServer({
    logger,
    metrics,
    errors: workerErrors,
    checks: {
      'own store': async () => void (await own.query('select 1')),
      monolith: async () => void (await monolith.query('select 1')),
    },
    docs: { title: 'migration', version: '1', description: 'Moves data between the monolith and its services' },
  });
  addRoutes(server, worker, config.MIGRATION_TOKEN);

  return runService({
    name: 'migrator',
    server,
    host: config.HOST,
    port: config.PORT,
    prepare: async () => {
      await applySchema({ url: config.DATABASE_URL, folder: schemaFolder });
      // Without a broker, notes would pile up.
      if (broker === null) await detachFacts(monolith, logger);
      await worker.start();
    },
    lease: null,
    broker,
    ...(broker === null ? {} : { publishes: monolithFacts(config.MONOLITH_DATABASE_URL, resources) }),
    release: async () => {
      await worker.close();
      await relay.close();
      await Promise.all([mesh.close(), monolith.end(), own.end()]);
    },
    logger,
  });
}
