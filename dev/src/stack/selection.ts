import { join } from 'node:path';
import { repository } from '../paths.ts';
import { readTopology } from '../topology/read.ts';
import {
  accompanied,
  active,
  closure,
  isStore,
  type ServiceSpec,
  serviceNamed,
  type Topology,
} from '../topology/topology.ts';
import type { StackOptions } from './options.ts';

export interface Selection {
  topology: Topology;
  /** What is started, in the order of the file. */
  services: readonly ServiceSpec[];
  /** The file's variables: those given, and those that the options stand for. */
  variables: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the Compose file, and selects what is started of it.
 * @throws DevError bad_topology, unknown_process
 */
export function selected(options: StackOptions): Selection {
  const { composeFile = join(repository, 'docker-compose.yml'), profiles = [], only, env = {}, size, stage } = options;
  const variables = { ...(options.variables ?? process.env) };
  if (size !== undefined) variables.SEED_SIZE = size;
  if (stage !== undefined) variables.STAGE = stage;
  const topology = readTopology(composeFile, variables);
  for (const name of [...(only ?? []), ...Object.keys(env)]) serviceNamed(topology, name);
  if (only === undefined) return { topology, services: active(topology, profiles), variables };
  const names = options.accompanied ? accompanied(topology, only) : only;
  // The stage is about the services that are there.
  variables.STAGE_SERVICES = closure(topology, names)
    .map(({ name }) => name)
    .join(',');
  const again = readTopology(composeFile, variables);
  return { topology: again, services: closure(again, names), variables };
}

/** A store that no process needs, and that was not asked for, may come up later: RabbitMQ takes long. */
export function inTwoParts(
  services: readonly ServiceSpec[],
  { only = [] }: StackOptions,
): { waitedFor: ServiceSpec[]; others: ServiceSpec[] } {
  const needed = new Set([...only, ...services.flatMap(({ dependsOn }) => Object.keys(dependsOn))]);
  const isWaitedFor = (service: ServiceSpec) => !isStore(service) || needed.has(service.name);
  return { waitedFor: services.filter(isWaitedFor), others: services.filter((service) => !isWaitedFor(service)) };
}
