import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { hostname } from 'node:os';
import pg from 'pg';
import type { getContainerRuntimeClient } from 'testcontainers';
import { isAlive } from '../alive.ts';
import { until } from '../until.ts';
import type { TestStore } from './running-store.ts';

/** The part of Docker's client in testcontainers. */
type Dockerode = Awaited<ReturnType<typeof getContainerRuntimeClient>>['container']['dockerode'];

const image = 'postgres:17';
const password = 'postgres';

/**
 * A PostgreSQL server in a container, through testcontainers; null when Docker does not respond.
 * @throws Error when Docker responds, but has no image and cannot fetch it.
 */
export async function containerStore(): Promise<TestStore | null> {
  if (!(await dockerResponds())) return null;
  // Loaded on demand: it is large, and only tests need it.
  const { GenericContainer, getContainerRuntimeClient, ImageName, Wait } = await import('testcontainers');
  const client = await getContainerRuntimeClient();
  await removeLeftovers(client.container.dockerode);
  const fetched = async (name: string, limitMs: number) => {
    const wanted = ImageName.fromString(name);
    if (await client.image.exists(wanted)) return true;
    console.error(`stores: fetching the image ${name}`);
    return within(client.image.pull(wanted), limitMs);
  };
  // Its helper removes containers after a crash. Without the helper's image nothing starts, unless the helper is off.
  const helper = process.env.RYUK_CONTAINER_IMAGE ?? helperImage;
  const disabled = process.env.TESTCONTAINERS_RYUK_DISABLED === 'true';
  const registry = disabled || (await fetched(helper, 15_000));
  if (!registry) process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  if (!(await fetched(image, registry ? 180_000 : 15_000))) {
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
    .withLabels({ [label]: String(process.pid), [`${label}-host`]: hostname() })
    .withTmpFs({ '/var/lib/postgresql/data': 'rw' })
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(120_000)
    .start();
  const url = `postgres://postgres:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  const stop = async () => void (await container.stop({ timeout: 0 }));
  await until(() => responds(url), { limitMs: 30_000, what: `${image} responds` }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, source: `${image} in a container`, stop };
}

/** The helper that testcontainers 12 starts beside its containers. */
const helperImage = 'testcontainers/ryuk:0.14.0';

async function within(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const done = work.then(
    () => true,
    () => false,
  );
  return Promise.race([done, limit]).finally(() => clearTimeout(timer));
}

/** Labels the container with its owner: the process id, and the machine in `…-host`. */
const label = 'dev.banyan.stores';

/** Removes the containers of killed processes of this machine. */
async function removeLeftovers(docker: Dockerode): Promise<void> {
  const own = { label: [`${label}-host=${hostname()}`] };
  for (const { Id, Labels } of await docker.listContainers({ all: true, filters: own })) {
    if (isAlive(Number(Labels[label]))) continue;
    await docker
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch(() => {});
  }
}

async function responds(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  return client
    .connect()
    .then(() => true)
    .catch(() => false)
    .finally(() => client.end().catch(() => {}));
}

/** Pings Docker directly, because testcontainers searches for many seconds before it gives up. */
export function dockerResponds(): Promise<boolean> {
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
