import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@banyan/kit/log';
import {
  createTestDatabase,
  type FactsBroker,
  openFactsBroker,
  serviceAt,
  startFakeMesh,
  until,
} from '@banyan/kit/testing';
import { resources } from '@banyan/migration/resources';
import { startWorker } from '@banyan/migration/worker';
import { startFront } from './front.ts';
import type { MovedService } from './moved-services.ts';
import { ownedByMonolith, type Side, startMonolith } from './sides.ts';

const token = 'the token of the migration';

/** A side with the migration's worker. */
export interface MovingSide extends Side {
  /** Compares what the monolith and the service have. */
  parity(resource?: string): Promise<{ clean: boolean; compared: number }>;
  /** Changes the owner. */
  switchTo(target: 'service' | 'monolith'): Promise<void>;
  /** The monolith's events, in their order. */
  shopEvents(): Promise<ShopEvent[]>;
  /** What the service has asked others for so far: paths, in their order. */
  asked(): string[];
}

/** An event as the monolith's webhooks have it. */
export interface ShopEvent {
  id: string;
  key: string;
  entity_id: string;
  resources: object;
  /** When its deliveries were planned. */
  dispatched_at: Date | null;
}

/** Settings of a broker, for facts. */
export type BrokerSettings = FactsBroker['env'] | Record<string, never>;

/**
 * Every second request goes to each side, and the migration keeps them in step. A write that reaches the side that does
 * not own the resource is sent on to the other one, as the mesh does.
 *
 * @param owner which side owns the resource
 */
export async function everySecondRequest(moved: MovedService, owner: 'monolith' | 'service'): Promise<MovingSide> {
  const { monolithFirst, serviceFirst, ...side } = await openMoving([moved], owner);
  return { urls: [monolithFirst, serviceFirst], ...side };
}

/**
 * The service owns the resource and serves it; the migration keeps the monolith in step.
 *
 * @param broker where facts travel, if they do
 */
export async function allOnService(moved: MovedService, broker: BrokerSettings = {}): Promise<MovingSide> {
  const { serviceFirst, monolithFirst: _, ...side } = await openMoving([moved], 'service', broker);
  return { urls: [serviceFirst], ...side };
}

/**
 * Several services own their resources and serve them, each of which asks the others by name.
 *
 * @param all a path is that of the first one that has it
 */
export async function allOnServices(...all: readonly [MovedService, ...MovedService[]]): Promise<MovingSide> {
  const { serviceFirst, monolithFirst: _, ...side } = await openMoving(all, 'service');
  return { urls: [serviceFirst], ...side };
}

async function openMoving(
  all: readonly [MovedService, ...MovedService[]],
  owner: 'monolith' | 'service',
  broker: BrokerSettings = {},
) {
  const [{ name }] = all;
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const at = { monolith: '', services: new Map<string, string>() };
    const sidesOf = (path: string) => {
      const moved = all.find(({ paths }) => paths.test(path));
      return moved === undefined ? [at.monolith] : [at.monolith, at.services.get(moved.name) ?? ''];
    };
    const onMonolith = await startFront(sidesOf);
    const onService = await startFront((path) => sidesOf(path).toReversed());
    closing.push(
      () => onMonolith.close(),
      () => onService.close(),
    );
    // Either way is that of the edge: a side that is not in charge sends a write to the other one.
    const { url, tokens, shop } = await startMonolith({ edgeUrl: onMonolith.url });
    closing.push(() => shop.close());
    at.monolith = url;
    const monolith = serviceAt(url);
    const mesh = await startFakeMesh(Object.fromEntries(ownedByMonolith.map((owner) => [owner, monolith])));
    closing.push(() => mesh.close());
    for (const moved of all) {
      const instance = await moved.start(mesh.url, { MIGRATION_TOKEN: token, ...broker });
      closing.push(() => instance.close());
      await instance.service.ready;
      at.services.set(moved.name, instance.service.url);
      mesh.services[moved.name] = serviceAt(instance.service.url);
    }

    const ofWorker = await brokerFor(all, broker, closing);
    const worker = await startTestWorker(name, shop.shop.config, mesh.url, ofWorker, closing);
    const copies = all.flatMap((moved) => moved.copies ?? []);
    const names = all.map((moved) => moved.name);
    for (const resource of [...names, ...copies]) await worker.run('backfill', {}, resource);
    if (owner === 'service') for (const resource of names) await worker.run('switch', {}, resource);

    const parity = async (resource = name) =>
      (await worker.run('parity', {}, resource)) as { clean: boolean; compared: number };
    const settle = () => worker.settle([...names, ...copies]);
    const switchTo = async (target: 'service' | 'monolith') => void (await worker.run('switch', { target }));
    const shopEvents = async () =>
      (
        await shop.shop.db.query<ShopEvent>(
          'select id, key, entity_id, resources, dispatched_at from shop_events order by seq',
        )
      ).rows;
    const asked = () => mesh.requests.map(({ path }) => path);
    const both = { monolithFirst: onMonolith.url, serviceFirst: onService.url };
    return { ...both, tokens, settle, parity, switchTo, shopEvents, asked, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A resource that hears of facts does not move while the worker has no broker. */
async function brokerFor(
  all: readonly MovedService[],
  broker: BrokerSettings,
  closing: (() => unknown)[],
): Promise<BrokerSettings> {
  const isNeeded = resources.some(({ name, hearsFacts }) => hearsFacts && all.some((moved) => moved.name === name));
  if (!isNeeded || 'RABBITMQ_URL' in broker) return broker;
  const own = await openFactsBroker();
  closing.push(() => own.drop());
  return own.env;
}

async function startTestWorker(
  name: string,
  monolith: { databaseUrl: string; filesFolder: string },
  meshUrl: string,
  broker: BrokerSettings,
  closing: (() => unknown)[],
) {
  const own = await createTestDatabase();
  closing.push(() => own.drop());
  const admin = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => admin.listen(0, '127.0.0.1', resolve));
  closing.push(() => admin.close());
  const worker = await startWorker(
    {
      ...{ HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', MIGRATION_TOKEN: token },
      ...{ MONOLITH_DATABASE_URL: monolith.databaseUrl, DATABASE_URL: own.url, MESH_URL: meshUrl },
      FILES_FOLDER: monolith.filesFolder,
      ...{ PUBLIC_URL: 'http://shop.test', ...broker },
      MESH_ADMIN_URL: `http://127.0.0.1:${(admin.address() as AddressInfo).port}`,
    },
    resources,
    createLogger({ level: 'silent', service: 'migrator' }),
  );
  closing.push(() => worker.close());
  await worker.ready;
  const send = async (method: string, path: string, body?: object) => {
    const reply = await fetch(worker.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return reply.status === 204 ? undefined : reply.json();
  };
  const operation = async (of: string) => {
    const { resources: all } = (await send('GET', '/resources')) as {
      resources: { resource: string; operation: { state: string; result: unknown } | null }[];
    };
    return all.find(({ resource }) => resource === of)?.operation;
  };
  return {
    run: async (verb: string, options: object = {}, of = name) => {
      await send('POST', `/resources/${of}/${verb}`, options);
      const ended = await until(`${verb} to end`, async () => {
        const now = await operation(of);
        return now?.state === 'running' ? null : now;
      });
      if (ended.state !== 'done') throw new Error(`${verb}: ${String(ended.result)}`);
      return ended.result;
    },
    settle: async (names: readonly string[]) => {
      await send('POST', '/settle', { resources: names });
    },
  };
}
