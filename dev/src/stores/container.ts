import { existsSync } from 'node:fs';
import { request } from 'node:http';
import pg from 'pg';
import { until } from '../stack/until.ts';
import type { TestStore } from './test-store.ts';

const image = 'postgres:17';
const password = 'postgres';

/**
 * A PostgreSQL server in a container, through testcontainers; null where no Docker answers.
 * @throws when Docker answers but the image can neither be found nor fetched.
 */
export async function containerStore(): Promise<TestStore | null> {
  if (!(await dockerAnswers())) return null;
  // Loaded here alone: it is large, and only tests need it.
  const { GenericContainer, getContainerRuntimeClient, ImageName, Wait } = await import('testcontainers');
  const client = await getContainerRuntimeClient();
  const has = (name: string) => client.image.exists(ImageName.fromString(name));
  // Its helper removes containers after a crash. Without its image there is no such help, and without us asking no container.
  const helper = process.env.RYUK_CONTAINER_IMAGE ?? helperImage;
  if (process.env.TESTCONTAINERS_RYUK_DISABLED === undefined && !(await has(helper))) {
    const fetched = await pull(() => client.image.pull(ImageName.fromString(helper)), 15_000);
    if (!fetched) process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  }
  if (!(await has(image)) && !(await pull(() => client.image.pull(ImageName.fromString(image)), 180_000))) {
    throw new Error(`Docker has no image ${image} and cannot fetch it`);
  }
  const container = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCommand([
      'postgres',
      ...['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'].flatMap((setting) => [
        '-c',
        setting,
      ]),
    ])
    .withTmpFs({ '/var/lib/postgresql/data': 'rw' })
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(120_000)
    .start();
  const url = `postgres://postgres:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  const stop = async () => void (await container.stop({ timeout: 0 }));
  await until(() => answers(url), { limitMs: 30_000, what: `${image} answers` }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, source: `${image} in a container`, stop };
}

/** What testcontainers 12 starts beside its containers. */
const helperImage = 'testcontainers/ryuk:0.14.0';

async function pull(work: () => Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const done = work().then(
    () => true,
    () => false,
  );
  return Promise.race([done, limit]).finally(() => clearTimeout(timer));
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  return client
    .connect()
    .then(() => true)
    .catch(() => false)
    .finally(() => client.end().catch(() => {}));
}

/** Asked directly, since testcontainers tries many places for many seconds before it says no. */
export function dockerAnswers(): Promise<boolean> {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const url = URL.canParse(host) ? new URL(host) : null;
  if (url === null) return Promise.resolve(false);
  if (url.protocol === 'unix:' && !existsSync(url.pathname)) return Promise.resolve(false);
  const place =
    url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: url.port || 2375 };
  return new Promise((resolve) => {
    const ping = request({ ...place, path: '/_ping', timeout: 3_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
}
