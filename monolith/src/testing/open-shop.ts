import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { pino } from 'pino';
import type { Access } from '../access/access.ts';
import { buildApp } from '../app.ts';
import type { Config } from '../config.ts';
import { openPool } from '../db.ts';
import { type DebtName, Debts } from '../debts.ts';
import { Readiness } from '../health/readiness.ts';
import { startWorkingOff } from '../jobs/work-off.ts';
import { hashSecret } from '../oauth/secret-hash.ts';
import { draftToken, insertToken } from '../oauth/tokens.ts';
import { applySchema, readSchemaFiles } from '../schema/apply-schema.ts';
import { reconcileIndexes } from '../schema/debt-indexes.ts';
import type { Shop } from '../shop.ts';
import { type Route, routesOf } from './route-table.ts';

export interface Reply {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read replies as a client does, member by member.
  body: any;
}

type Headers = Record<string, string>;
export type Call = (method: string, path: string, body?: unknown, headers?: Headers) => Promise<Reply>;

/** A shop for one test: a fresh database on the real server, the whole app, and a clock that the test moves. */
export interface TestShop {
  app: FastifyInstance;
  shop: Shop;
  /** Calls with a full token. */
  admin: Call;
  /** Calls with an implicit token. */
  shopper: Call;
  /** The `Authorization` headers of `shopper` and `admin`. */
  shopperToken: string;
  adminToken: string;
  advance(ms: number): void;
  /** Every route of the app, by method. */
  routes(): Route[];
  /** Begins what a running shop does after its replies: exports and deliveries. */
  workOff(): void;
  close(): Promise<void>;
}

export async function openTestShop(
  debtsPaid: readonly DebtName[] = [],
  overrides: Partial<Config> = {},
): Promise<TestShop> {
  const serverUrl = testPostgresUrl();
  const name = `monolith_test_${randomBytes(8).toString('hex')}`;
  await onServer(serverUrl, `create database ${name}`);
  const databaseUrl = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).toString();

  const filesFolder = await mkdtemp(join(tmpdir(), 'monolith-files-'));
  const log = pino({ level: 'silent' });
  const db = openPool(databaseUrl, () => {});
  let offsetMs = 0;
  const stops: (() => Promise<void>)[] = [];
  const now = () => new Date(Date.now() + offsetMs);
  const config: Config = {
    host: '127.0.0.1',
    port: 0,
    databaseUrl,
    filesFolder,
    publicUrl: 'http://shop.test',
    debtsPaid,
    jwksUrl: undefined,
    inventoriesUrl: undefined,
    edgeUrl: undefined,
    introspection: undefined,
    webhookNetworks: ['127.0.0.1'],
    logLevel: 'silent',
    ...overrides,
  };
  const shop: Shop = { db, config, debts: new Debts(debtsPaid), now, log };
  const readiness = new Readiness(db);
  await applySchema(db, await readSchemaFiles());
  await reconcileIndexes(db, shop.debts);
  readiness.prepared();
  const app = buildApp(shop, readiness);
  const adminToken = await issueToken(shop, 'client_credentials');
  const shopperToken = await issueToken(shop, 'implicit');

  return {
    app,
    shop,
    admin: caller(app, adminToken),
    shopper: caller(app, shopperToken),
    shopperToken: `Bearer ${shopperToken}`,
    adminToken: `Bearer ${adminToken}`,
    advance: (ms) => {
      offsetMs += ms;
    },
    routes: () => routesOf(app),
    workOff: () => {
      stops.push(startWorkingOff(shop));
    },
    close: async () => {
      for (const stop of stops) await stop();
      await app.close();
      await db.end();
      await rm(filesFolder, { recursive: true, force: true });
      await onServer(serverUrl, `drop database ${name} with (force)`);
    },
  };
}

/**
 * The server for test databases.
 * @throws Error when there is no server, because such a test must not seem to pass
 */
export function testPostgresUrl(): string {
  const serverUrl = process.env.TEST_POSTGRES_URL;
  if (!serverUrl) {
    throw new Error('TEST_POSTGRES_URL is not set: run through `npm test`, or `npm run stores -- <command>`');
  }
  return serverUrl;
}

/** Calls with this access token. Like the clients, wraps the body in `data` unless it is a whole body. */
export function caller(app: FastifyInstance, accessToken: string): Call {
  return async (method, path, body, headers = {}) => {
    const reply = await app.inject({
      method: method as 'GET',
      url: path,
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: reply.statusCode, body: reply.body === '' ? undefined : reply.json() };
  };
}

/** Costs of a hash that protects nothing. */
const cheapHash = { logN: 4, r: 8, p: 1 };

/** The API client of all test tokens. It may ask for tokens of both kinds. */
export const testClient = { client_id: 'tests', client_secret: 'the secret of the tests' };

/** A live access token, inserted directly, which outlives any move of the clock. */
export async function issueToken(shop: Shop, kind: Access['kind']): Promise<string> {
  const farAhead = new Date(Date.now() + 365 * 24 * 3_600_000);
  await shop.db.query(
    `insert into api_clients (name, client_id, secret_hash, identifier_kinds)
     values ('Tests', $1, $2, '{implicit,client_credentials}') on conflict do nothing`,
    [testClient.client_id, await hashSecret(testClient.client_secret, undefined, cheapHash)],
  );
  const grant = { clientId: testClient.client_id, kind, scope: '', refreshable: false };
  const made = await draftToken(shop.db, grant, farAhead);
  await insertToken(shop.db, made);
  return made.accessToken;
}

async function onServer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
