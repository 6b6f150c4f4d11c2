import { randomUUID } from 'node:crypto';
import { openMeshClient } from '@banyan/kit/client';
import { counterOf } from '@banyan/kit/import';
import { createLogger } from '@banyan/kit/log';
import { applySchema } from '@banyan/kit/schema';
import { createTestDatabase, type TestDatabase, until } from '@banyan/kit/testing';
import pg from 'pg';
import { MigrationError } from '../errors.ts';
import { Journal } from '../journal/journal.ts';
import { openPool } from '../monolith/database.ts';
import { brands } from '../resources/brands.ts';
import { type ServiceSide, serviceSide } from '../service/service-side.ts';
import type { MeshAdmin, RuleWeights } from '../switch/mesh-admin.ts';
import type { Operation, Verb } from '../worker/operations.ts';
import { RelayConnection } from '../worker/relay-connection.ts';
import { type VerbOptions, Worker, type WorkerParts } from '../worker/worker.ts';
import { type FollowerService, startFollower } from './follower-service.ts';
import { createTestMonolith } from './monolith.ts';

const token = 'a token of the migration';
const workerSchema = new URL('../../schema/', import.meta.url);

/** A monolith's database, a service that keeps brands, and workers that move them. */
export interface Moving<Follower = FollowerService> {
  monolith: TestDatabase;
  follower: Follower;
  /** Calls of the mesh's admin port, such as `hold brands/writes`. */
  meshCalls: string[];
  /** Set to make the mesh refuse. */
  mesh: { refuses: string | null };
  /** The weights that the mesh tells, by route. */
  weights: Map<string, RuleWeights[]>;
  /** @param through wraps what the worker works with, so that it dies at a chosen moment */
  worker(through?: (parts: WorkerParts) => WorkerParts): Promise<RunningWorker>;
  /** Adds a brand to the monolith. Returns its id. */
  addBrand(slug: string, id?: string): Promise<string>;
  /** The counters of the newest versions that the worker has written down. */
  newestSeen(): Promise<{ monolith: number; service: number }>;
  /** A connection of its own to the monolith's database. The caller ends it. */
  session(): Promise<pg.Client>;
  drop(): Promise<void>;
}

export interface RunningWorker {
  worker: Worker;
  /** Carries out an operation to its end. */
  run(verb: Verb, options?: VerbOptions): Promise<Operation>;
  stop(): Promise<void>;
}

/** @param around wraps the worker's calls of the service, for faults at a chosen moment */
export function openMoving(around: (service: ServiceSide) => ServiceSide = (service) => service): Promise<Moving> {
  return openMovingTo(startFollower, around);
}

/** @param start starts the service that takes brands over, whatever its store is */
export async function openMovingTo<Follower extends { url: string; close(): Promise<void> }>(
  start: (token: string) => Promise<Follower>,
  around: (service: ServiceSide) => ServiceSide = (service) => service,
): Promise<Moving<Follower>> {
  const [monolith, own, follower] = await Promise.all([createTestMonolith(), createTestDatabase(), start(token)]);
  await applySchema({ url: own.url, folder: workerSchema });
  const meshCalls: string[] = [];
  const refusal = { refuses: null as string | null };
  const weights = new Map<string, RuleWeights[]>();
  const call = async (what: string) => {
    meshCalls.push(what);
    if (refusal.refuses !== null && what.startsWith(refusal.refuses)) {
      throw new MigrationError('mesh_refused', `the mesh refuses ${what}`);
    }
  };
  const mesh: MeshAdmin = {
    weights: async (route) => weights.get(route) ?? [],
    hold: (route, rule) => call(`hold ${route}/${rule}`),
    release: (route, rule) => call(`release ${route}/${rule}`),
    shift: (route, rule, service) => call(`shift ${route}/${rule} ${service}`),
  };
  const running = new Set<RunningWorker>();

  return {
    monolith,
    follower,
    meshCalls,
    mesh: refusal,
    weights,
    addBrand: async (slug, id = randomUUID()) => {
      await monolith.query("insert into brands (id, name, slug, status) values ($1, $2, $3, 'live')", [
        id,
        `Brand ${slug}`,
        slug,
      ]);
      return id;
    },
    newestSeen: async () => {
      const [row] = await own.query<{ monolith: string; service: string }>(
        'select newest_monolith as monolith, newest_service as service from resources',
      );
      return { monolith: counterOf(Number(row?.monolith ?? 0)), service: counterOf(Number(row?.service ?? 0)) };
    },
    session: async () => {
      const client = new pg.Client({ connectionString: monolith.url });
      await client.connect();
      return client;
    },
    worker: async (through = (parts) => parts) => {
      const logger = createLogger({ level: 'silent', service: 'migrator' });
      const pool = openPool(monolith.url, () => {});
      const ownPool = openPool(own.url, () => {});
      const client = openMeshClient({ meshUrl: follower.url, maxReplyBytes: 64 * 1_048_576 });
      const service = around(serviceSide(client, token));
      const relay = new RelayConnection(monolith.url, service.import, logger);
      const worker = new Worker(
        through({
          resources: [brands],
          monolith: pool,
          service,
          relay: () => relay.get(),
          journal: new Journal(ownPool),
          mesh,
          logger,
          now: () => new Date(),
          publicUrl: 'http://shop.test',
          factsFault: async () => null,
        }),
      );
      await worker.start();
      const one: RunningWorker = {
        worker,
        run: async (verb, options) => {
          await until('the operation before to end', () => idle(worker));
          const operation = worker.begin('brands', verb, options);
          await until(`${verb} to end`, () => operation.state !== 'running');
          return operation;
        },
        stop: async () => {
          running.delete(one);
          await worker.close();
          await relay.close();
          await Promise.all([client.close(), pool.end(), ownPool.end()]);
        },
      };
      running.add(one);
      return one;
    },
    drop: async () => {
      await Promise.all([...running].map((one) => one.stop()));
      await Promise.all([monolith.drop(), own.drop(), follower.close()]);
    },
  };
}

async function idle(worker: Worker): Promise<boolean> {
  const [status] = await worker.status();
  return status?.operation?.state !== 'running';
}
