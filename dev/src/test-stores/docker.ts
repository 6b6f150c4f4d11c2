import { hostname } from 'node:os';
import type { getContainerRuntimeClient } from 'testcontainers';
import { isAlive } from '../alive.ts';
import { dockerResponds } from '../docker-responds.ts';

type Client = Awaited<ReturnType<typeof getContainerRuntimeClient>>;

/** Labels a container with its owner: the process id, and the machine in `…-host`. */
export const ownerLabels = () => ({ [label]: String(process.pid), [`${label}-host`]: hostname() });

const label = 'dev.banyan.stores';

/** The helper that testcontainers 12 starts beside its containers. */
const helperImage = 'testcontainers/ryuk:0.14.0';

/** Docker, ready for containers of tests. */
export interface Docker {
  /** Whether it has an image, or can fetch it within a limit. */
  has(image: string): Promise<boolean>;
}

/** Docker through testcontainers; null when it does not respond. Removes what killed processes left. */
export async function openDocker(): Promise<Docker | null> {
  if (!(await dockerResponds())) return null;
  // Loaded on demand: it is large, and only tests need it.
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers');
  const client = await getContainerRuntimeClient();
  await removeLeftovers(client);
  const fetched = async (name: string, limitMs: number) => {
    const wanted = ImageName.fromString(name);
    if (await client.image.exists(wanted)) return true;
    if (limitMs === 0) return false;
    console.error(`stores: fetching the image ${name}`);
    return within(client.image.pull(wanted), limitMs);
  };
  // Its helper removes containers after a crash. Without the helper's image nothing starts, unless the helper is off.
  const helper = process.env.RYUK_CONTAINER_IMAGE ?? helperImage;
  const disabled = process.env.TESTCONTAINERS_RYUK_DISABLED === 'true';
  const registry = disabled || (await fetched(helper, 15_000));
  if (!registry) process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  // Where the helper's image cannot be had, no registry responds, and no other image comes either.
  return { has: (image) => fetched(image, registry ? 60_000 : 0) };
}

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

/** Removes the containers of killed processes of this machine. */
async function removeLeftovers({ container: { dockerode } }: Client): Promise<void> {
  const own = { label: [`${label}-host=${hostname()}`] };
  for (const { Id, Labels } of await dockerode.listContainers({ all: true, filters: own })) {
    if (isAlive(Number(Labels[label]))) continue;
    await dockerode
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch(() => {});
  }
}
