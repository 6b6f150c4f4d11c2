import { join } from 'node:path';
import { DevError, messageOf } from '../errors.ts';
import { repository } from '../paths.ts';
import type { StoreDriver } from '../stores/driver.ts';
import { driverOf } from '../stores/drivers.ts';
import { readTopology } from '../topology/read.ts';
import { isStore, type ServiceSpec } from '../topology/topology.ts';
import { type Docker, openDocker } from './docker.ts';
import { localStores } from './local.ts';
import type { TestStore } from './running-store.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The servers that tests get, and what the tests are told of them. */
export interface TestStores {
  /** `TEST_POSTGRES_URL` and so on, for each server that is there. */
  env: Record<string, string>;
  /** A sentence for each store: where it comes from, or why it is missing. */
  notes: string[];
  stop(): Promise<void>;
}

/** `quick`: those that start at once, and those that a variable names. A list: these, each of which must be there. */
export type Wanted = 'quick' | 'all' | readonly string[];

/** The wanted stores of the Compose file. @throws DevError bad_command for a name it lacks. */
function wantedStores(wanted: Wanted, variables: Variables): [ServiceSpec, StoreDriver][] {
  const { services } = readTopology(join(repository, 'docker-compose.yml'), variables);
  const stores = Object.values(services).flatMap((service): [ServiceSpec, StoreDriver][] => {
    const driver = isStore(service) ? driverOf(service.image) : null;
    return driver === null ? [] : [[service, driver]];
  });
  if (wanted === 'all') return stores;
  if (wanted === 'quick') return stores.filter(([{ name }, { quick }]) => quick || variables[variableOf(name)]);
  const known = stores.map(([{ name }]) => name);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new DevError('bad_command', `there is no store ${unknown}; there are ${known.join(', ')}`);
  return stores.filter(([{ name }]) => wanted.includes(name));
}

const variableOf = (name: string) => `TEST_${name.toUpperCase()}_URL`;

/**
 * Servers for tests, all started at once: those that TEST_…_URL name already, otherwise containers where Docker
 * responds and has the images, otherwise servers that the launcher finds and starts with data of their own.
 * `BANYAN_TEST_STORES` = `container` or `local` allows only that kind.
 * PostgreSQL must be there unless only others are wanted.
 * @throws DevError store_unavailable, bad_command
 */
export async function testStores(variables: Variables, which: Wanted): Promise<TestStores> {
  const wanted = wantedStores(which, variables);
  const missing = wanted.filter(([{ name }]) => !variables[variableOf(name)]);
  const running = new Map<string, TestStore>();
  const notes = wanted.filter((one) => !missing.includes(one)).map(([{ name }]) => `${name}: from ${variableOf(name)}`);
  const stop = async () => void (await Promise.all([...running.values()].map((store) => store.stop())));
  try {
    const reasons = missing.length === 0 ? new Map() : await inContainers(missing, variables, running);
    const left = missing.filter(([{ name }]) => !running.has(name));
    const local =
      left.length === 0
        ? null
        : await localStores(
            left.map(([{ name }]) => name),
            variables,
          );
    for (const [name, found] of local ?? []) {
      if (typeof found !== 'string') running.set(name, found);
      else if (typeof which !== 'string' || name === 'postgres')
        throw new DevError('store_unavailable', `${name}: ${found}`);
      else notes.push(`${name}: missing: ${found}`);
    }
    for (const [name, { source }] of running) {
      const why = reasons.get(name);
      notes.push(`${name}: ${source}${why === undefined ? '' : ` (${why})`}`);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const env: Record<string, string> = {};
  // A client of PostgreSQL names a database: the one that every server has.
  for (const [name, { url }] of running) env[variableOf(name)] = name === 'postgres' ? `${url}/postgres` : url;
  return { env, notes, stop };
}

/** Starts what can be had as containers. @returns why each other store is none. */
async function inContainers(
  stores: readonly [ServiceSpec, StoreDriver][],
  { BANYAN_TEST_STORES: only }: Variables,
  running: Map<string, TestStore>,
): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  if (only === 'local') return reasons;
  let docker: Docker | null = null;
  let whyNot = 'Docker does not answer';
  try {
    docker = await openDocker();
  } catch (error) {
    whyNot = messageOf(error);
  }
  const { containerStore } = docker === null ? { containerStore: null } : await import('./container.ts');
  await Promise.all(
    stores.map(async ([service, driver]) => {
      const { name, image } = service;
      try {
        if (docker === null || containerStore === null) throw new Error(whyNot);
        if (!(await docker.has(image))) throw new Error(`Docker has no image ${image} and cannot fetch it`);
        running.set(name, await containerStore(service, driver));
      } catch (error) {
        reasons.set(name, messageOf(error));
      }
    }),
  );
  const [first] = reasons;
  if (only === 'container' && first !== undefined) {
    throw new DevError('store_unavailable', `no container for tests: ${first[0]}: ${first[1]}`);
  }
  return reasons;
}
