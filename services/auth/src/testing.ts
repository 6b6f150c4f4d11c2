import { type JsonWebKey, randomBytes, randomUUID, scryptSync } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { createLogger, type Logger } from '@banyan/kit/log';
import { openPostgres } from '@banyan/kit/postgres';
import { createTestDatabase, type TestDatabase, until } from '@banyan/kit/testing';
import { authConfig } from './config.ts';
import { type ClientState, clientsImport } from './import.ts';
import { type Service, startService } from './service.ts';

/** A row of the monolith's table of clients, and the client's secret. */
export interface TestClient {
  secret: string;
  row: {
    id: string;
    client_id: string;
    name: string;
    secret_hash: string;
    identifier_kinds: string[];
    created_at: string;
    updated_at: string;
    revoked_at: string | null;
  };
}

/** A slow hash with cheap parameters. */
export function slowHashOf(secret: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(secret, salt, 32, { N: 2 ** 4, r: 8, p: 1 });
  return `$scrypt$ln=4,r=8,p=1$${salt.toString('base64')}$${hash.toString('base64')}`;
}

export function testClient(row: Partial<TestClient['row']> = {}, secret = randomBytes(20).toString('hex')): TestClient {
  return {
    secret,
    row: {
      id: randomUUID(),
      client_id: randomBytes(20).toString('hex'),
      name: 'test',
      secret_hash: slowHashOf(secret),
      identifier_kinds: ['implicit', 'client_credentials'],
      created_at: '2020-01-01T00:00:00.000001Z',
      updated_at: '2020-01-01T00:00:00.000001Z',
      revoked_at: null,
      ...row,
    },
  };
}

/** Writes clients as the migration does. */
export async function importRows(database: TestDatabase, rows: readonly TestClient['row'][]): Promise<void> {
  const db = openPostgres({ url: database.url, applicationName: 'auth test' });
  try {
    await db.transaction((tx) =>
      clientsImport.apply(
        tx,
        rows.map(({ id, ...state }) => ({ key: id, state: state as ClientState })),
      ),
    );
  } finally {
    await db.close();
  }
}

/** A logger whose lines can be read. */
export function capturingLogger(): { lines: string[]; logger: Logger } {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, logger: createLogger({ level: 'trace', service: 'auth', destination }) };
}

export interface TestResponse {
  status: number;
  headers: Headers;
  body: Body;
}

/** The members of all responses. A test reads those that the response at hand should have. */
export interface Body {
  access_token: string;
  token_type: string;
  expires_in: number;
  expires: number;
  identifier: string;
  active: boolean;
  client_id: string;
  exp: number;
  ready: boolean;
  keys: (JsonWebKey & { kid: string })[];
  errors: { status: number; title: string }[];
}

/** A running instance and ways to call it. */
export interface Instance {
  service: Service;
  lines: string[];
  post(path: string, body: string | object, headers?: Record<string, string>): Promise<TestResponse>;
  get(path: string): Promise<TestResponse>;
  /** client_credentials, as a form. */
  token(client: TestClient, secret?: string): Promise<TestResponse>;
  introspect(token: string): Promise<TestResponse>;
  /** Key ids of the published keys. */
  published(): Promise<string[]>;
  close(): Promise<void>;
}

export const introspection = { INTROSPECTION_CLIENT_ID: 'introspector', INTROSPECTION_CLIENT_SECRET: 'a-test-secret' };

export async function startInstance(databaseUrl: string, env: Record<string, string> = {}): Promise<Instance> {
  const { lines, logger } = capturingLogger();
  const config = authConfig({ PORT: '0', DATABASE_URL: databaseUrl, ...introspection, ...env });
  const service = await startService(config, logger);
  const send = async (path: string, init: RequestInit): Promise<TestResponse> => {
    const response = await fetch(service.url + path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  };
  const post: Instance['post'] = (path, body, headers = {}) => {
    const init = typeof body === 'string' ? body : new URLSearchParams(body as Record<string, string>);
    return send(path, { method: 'POST', body: init, headers });
  };
  const basic = Buffer.from(Object.values(introspection).join(':')).toString('base64');
  return {
    service,
    lines,
    post,
    get: (path) => send(path, {}),
    token: ({ row, secret: own }, secret = own) =>
      post('/oauth/access_token', {
        grant_type: 'client_credentials',
        client_id: row.client_id,
        client_secret: secret,
      }),
    introspect: (token) => post('/oauth/introspect', { token }, { authorization: `Basic ${basic}` }),
    published: async () => {
      const { body } = await send('/.well-known/jwks.json', {});
      return body.keys.map(({ kid }) => kid);
    },
    close: () => service.close(),
  };
}

/** Stands in for the mesh and the monolith behind it. */
export interface FakeMesh {
  url: string;
  requests: { host: string; path: string; headers: IncomingHttpHeaders; body: string }[];
  reply: { status: number; body: unknown };
  /** Replies wait for this. */
  held: Promise<void>;
  close(): void;
}

export async function fakeMesh(): Promise<FakeMesh> {
  const mesh: FakeMesh = {
    url: '',
    requests: [],
    reply: { status: 503, body: {} },
    held: Promise.resolve(),
    close: () => {},
  };
  const server = createServer(async (request, response) => {
    const body = await readText(request);
    const { host = '' } = request.headers;
    mesh.requests.push({ host, path: request.url ?? '', headers: request.headers, body });
    response.writeHead(mesh.reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(mesh.reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mesh.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  mesh.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return mesh;
}

export { createTestDatabase, type TestDatabase, until };
