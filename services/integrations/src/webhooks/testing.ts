import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { microsOf } from '@banyan/kit/api';
import type { NewEvent } from '@banyan/kit/events';
import { createTestDatabase } from '@banyan/kit/testing';
import { changeIntegration, createIntegration, removeIntegration } from '../changes.ts';
import type { IntegrationChange } from '../contract.ts';
import { allowedNetworks } from '../outbound/networks.ts';
import type { Outbound } from '../outbound/post.ts';
import { type JobRow, type LogRow, listJobs, listLogs } from '../store/log-lists.ts';
import { openStore, resourceName, type Store } from '../store.ts';
import { deliverDue } from './deliver.ts';
import { hear } from './hear.ts';

/** A request that a receiver got. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An HTTP server that receives webhooks. */
export interface Receiver {
  url: string;
  port: number;
  received: Received[];
  /** How it replies: by default with 200. */
  reply: (response: ServerResponse, request: Received) => void;
  close(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    const one = { path: request.url ?? '', headers: request.headers, body: await text(request) };
    receiver.received.push(one);
    receiver.reply(response, one);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    port,
    received: [],
    reply: (response) => {
      response.end('thanks');
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** A store on a database of its own, with a clock that only the test moves. */
export interface Bench {
  store: Store;
  now: () => number;
  advance(ms: number): void;
  query: <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>;
  /** Makes an enabled integration, and returns its id. */
  integrate(observes: string[], configuration: { url: string; secret_key?: string }): Promise<string>;
  change(id: string, change: IntegrationChange): Promise<unknown>;
  remove(id: string): Promise<void>;
  /** Hands a fact in, as the consumer does. */
  hear(event: NewEvent): Promise<void>;
  deliver(out?: Partial<Outbound>, signal?: AbortSignal): Promise<number>;
  logs(integrationId: string | null): Promise<LogRow[]>;
  jobs(integrationId: string): Promise<JobRow[]>;
  /** Deletes all rows. */
  clear(): Promise<void>;
  drop(): Promise<void>;
}

const out: Outbound = {
  allowed: allowedNetworks(['127.0.0.1']),
  resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  timeoutMs: 5_000,
};
const all = { limit: 100, offset: 0 };

export async function openBench(): Promise<Bench> {
  const database = await createTestDatabase();
  let atMs = Date.now();
  const now = () => atMs;
  const store = openStore({
    url: database.url,
    maxConnections: 16,
    publicUrl: 'http://shop.test',
    now,
    onIdleError: () => {},
  });
  await store.applySchema();
  await store.moves.ownAlone(resourceName);
  return {
    store,
    now,
    advance: (ms) => {
      atMs += ms;
    },
    query: database.query,
    integrate: async (observes, configuration) => {
      const input = { name: 'I', description: 'D', enabled: true, observes, configuration };
      const kinds = { type: 'integration', integration_type: 'webhook' } as const;
      const made = { id: randomUUID(), now: microsOf(now()) };
      return (await store.write((write) => createIntegration(write, { ...input, ...kinds }, made))).id;
    },
    change: (id, change) => store.write((write) => changeIntegration(write, id, change, microsOf(now()))),
    remove: (id) => store.write((write) => removeIntegration(write, id, microsOf(now()))),
    hear: (event) => hear({ store, now, onPlanned: () => {} }, event),
    deliver: (changes = {}, signal = new AbortController().signal) =>
      deliverDue({ store, now, signal, concurrency: 8, out: { ...out, ...changes }, pickMs: (least) => least }),
    logs: async (integrationId) => (await listLogs(store.db, { integrationId, deliveryId: null }, all)).rows,
    jobs: async (integrationId) => (await listJobs(store.db, integrationId, all)).rows,
    clear: async () => {
      for (const table of ['integrations', 'heard_events', 'deliveries', 'delivery_logs', 'keyed_replies']) {
        await database.query(`delete from ${table}`);
      }
    },
    drop: async () => {
      await store.db.close();
      await database.drop();
    },
  };
}

/** A fact that an entity was made. */
export const factAt = (atMs: number, members: Partial<NewEvent> = {}): NewEvent => {
  const aggregateId = members.aggregateId ?? randomUUID();
  return {
    ...{ id: randomUUID(), type: 'brand.created', typeVersion: 1, aggregateId, aggregateVersion: 1 },
    state: { data: { id: aggregateId, type: 'brand', name: 'B' } },
    occurredAtUs: microsOf(atMs),
    ...members,
  };
};
