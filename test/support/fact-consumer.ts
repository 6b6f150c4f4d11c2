import { openMeshClient } from '@banyan/kit/client';
import { brokerOf } from '@banyan/kit/common-settings';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger } from '@banyan/kit/log';
import { eachOnce, type Handle } from '@banyan/kit/messages';
import { runService } from '@banyan/kit/run';
import { openSqlite, type Queryable, statement } from '@banyan/kit/sqlite';

/**
 * A process that consumes facts about brands. It calls the service `recorder` through the mesh for each, at least once, then
 * writes it into its store, once, and logs that. Settings: those of the broker, MESH_URL, and STORE, the file of its store.
 */
const { MESH_URL: meshUrl = '', STORE: path = '', RABBITMQ_URL = '', RABBITMQ_PREFIX = '' } = process.env;
const logger = createLogger({ level: 'info', service: 'fact-consumer' });
const store = openSqlite({ path });
const mesh = openMeshClient({ meshUrl, timeoutMs: 60_000 });
const name = 'tests.facts';
const insert = statement<object, [string]>('seen_insert', 'insert into seen (event_id) values (?)');

const handle: Handle = async (event, { trace, logger: traced }) => {
  await mesh.send({ service: 'recorder', method: 'POST', path: `/${event.type}/${event.aggregateId}`, trace });
  let isNew = false;
  await eachOnce<Queryable>(store, name, async (tx) => {
    await tx.run(insert, [event.id]);
    isNew = true;
  })(event);
  if (isNew) traced.info({ fact: `${event.type} ${event.aggregateId}` }, 'recorded');
};

const running = await runService({
  name: 'fact-consumer',
  // It serves nothing.
  server: { listen: async () => 'http://127.0.0.1:1', close: async () => {} },
  host: '127.0.0.1',
  port: 0,
  prepare: async () => {
    await store.applySchema({ folder: new URL('./fact-consumer-schema/', import.meta.url) });
  },
  lease: null,
  broker: brokerOf({ RABBITMQ_URL, RABBITMQ_PREFIX }),
  consumes: [{ name, types: ['brand.*'], store, handle }],
  release: async () => {
    await Promise.all([mesh.close(), store.close()]);
  },
  logger,
});
closeOnSignal(running, logger);
