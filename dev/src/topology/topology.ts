import { DevError } from '../errors.ts';

/** What a service of the Compose file is to the launcher. */
export type ServiceKind =
  /** Built from this repository and kept running. */
  | 'process'
  /** Built from this repository, runs to its end (`restart: "no"`). */
  | 'task'
  /** A third-party server, named by its image (`postgres:17`). */
  | 'store';

export type Condition = 'service_started' | 'service_healthy' | 'service_completed_successfully';

export interface Port {
  /** The port the process listens on inside its container, and the one that other services use. */
  container: number;
  /** The port of the host: the published one, or the container's own where none is published. */
  host: number;
}

export interface Volume {
  /** A volume's name, or for a bind mount a path (relative to the Compose file). */
  source: string;
  target: string;
  named: boolean;
}

export interface ServiceSpec {
  name: string;
  kind: ServiceKind;
  image: string;
  /** What always runs; `command` follows it, and is what `run NAME -- …` replaces. */
  entrypoint: string[];
  command: string[];
  environment: Record<string, string>;
  /** Over `environment` outside of containers (`x-local-environment`): what depends on listening on loopback alone. */
  localEnvironment: Record<string, string>;
  ports: Port[];
  volumes: Volume[];
  dependsOn: Record<string, Condition>;
  /** Waited for, and not needed (`x-after`): the task runs also where one of these cannot start. */
  after: string[];
  /** What makes it useful (`x-with`): started too when a selection names it. */
  with: string[];
  /** The URL that the health check asks, as seen inside the container; null where the check is no HTTP request. */
  healthUrl: string | null;
  profiles: string[];
  stopGraceMs: number;
}

/** A Compose file, read, interpolated and checked. */
export interface Topology {
  /** Folder of the Compose file: working directory of every process. */
  folder: string;
  /** Where the image keeps that folder: absolute paths below it mean paths below `folder`. */
  imageFolder: string;
  services: Record<string, ServiceSpec>;
}

/** The services that start without any profile, and those of the given profiles. */
export function active(topology: Topology, profiles: readonly string[]): ServiceSpec[] {
  return Object.values(topology.services).filter(
    (service) => service.profiles.length === 0 || service.profiles.some((profile) => profiles.includes(profile)),
  );
}

/** The named services and all they depend on, in the order of the file. */
export function closure(topology: Topology, names: readonly string[]): ServiceSpec[] {
  const wanted = new Set<string>();
  const add = (name: string): void => {
    if (wanted.has(name)) return;
    wanted.add(name);
    for (const dependency of Object.keys(topology.services[name]?.dependsOn ?? {})) add(dependency);
  };
  for (const name of names) add(name);
  return Object.values(topology.services).filter((service) => wanted.has(service.name));
}

/** The names, and those that make them useful. */
export function accompanied(topology: Topology, names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => [name, ...(topology.services[name]?.with ?? [])]))];
}

/** @throws DevError unknown_process: when the file has no service of that name. */
export function serviceNamed(topology: Topology, name: string): ServiceSpec {
  const service = topology.services[name];
  if (service === undefined) {
    const names = Object.keys(topology.services).join(', ');
    throw new DevError('unknown_process', `there is no process ${name}; there are ${names}`);
  }
  return service;
}

export const isStore = (service: ServiceSpec): boolean => service.kind === 'store';
