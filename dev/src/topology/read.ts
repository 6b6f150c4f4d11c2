import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { DevError, messageOf } from '../errors.ts';
import { interpolateTree } from './interpolate.ts';
import type { Condition, Port, ServiceKind, ServiceSpec, Topology, Volume } from './topology.ts';

type Node = Record<string, unknown>;

/**
 * Reads a Compose file: variables from `variables`, then from the `.env` beside the file, then the defaults written in
 * it. All faults are reported at once.
 * @throws DevError bad_topology
 */
export function readTopology(path: string, variables: Readonly<Record<string, string | undefined>>): Topology {
  const folder = resolve(dirname(path));
  let document: unknown;
  try {
    document = interpolateTree(parse(readFileSync(path, 'utf8'), { merge: true }), {
      ...dotEnv(folder),
      ...variables,
    });
  } catch (error) {
    if (error instanceof DevError) throw error;
    throw new DevError('bad_topology', `${path}: ${messageOf(error)}`, { cause: error });
  }
  const raw = isNode(document) && isNode(document.services) ? document.services : null;
  if (raw === null) throw new DevError('bad_topology', `${path}: has no services`);
  const faults: string[] = [];
  const services: Record<string, ServiceSpec> = {};
  for (const [name, node] of Object.entries(raw)) {
    if (isNode(node)) services[name] = service(name, node, faults);
    else faults.push(`${name}: must be a mapping`);
  }
  for (const { name, dependsOn, after, with: company } of Object.values(services)) {
    for (const dependency of [...Object.keys(dependsOn), ...after, ...company]) {
      if (services[dependency] === undefined) faults.push(`${name}: depends on ${dependency}, which the file lacks`);
    }
  }
  faults.push(...cycles(services));
  if (faults.length > 0) throw new DevError('bad_topology', `${path}:\n  ${faults.join('\n  ')}`);
  return { folder, imageFolder: '/app', services };
}

function service(name: string, node: Node, faults: string[]): ServiceSpec {
  const check = isNode(node.healthcheck) ? node.healthcheck.test : undefined;
  const health = list(check)
    .join(' ')
    .match(/https?:\/\/[^\s'"]+/);
  const image = typeof node.image === 'string' ? node.image : '';
  const kind: ServiceKind = node.build === undefined ? 'store' : node.restart === 'no' ? 'task' : 'process';
  const entrypoint = words(node.entrypoint);
  const command = words(node.command);
  if (kind !== 'store' && entrypoint.length + command.length === 0) faults.push(`${name}: command is missing`);
  if (kind === 'store' && image === '') faults.push(`${name}: needs build or image`);
  return {
    name,
    kind,
    image,
    entrypoint,
    command,
    environment: environment(node.environment),
    localEnvironment: environment(node['x-local-environment']),
    ports: ports(name, node, faults),
    volumes: list(node.volumes).map(volume),
    dependsOn: dependencies(node.depends_on),
    after: list(node['x-after']),
    with: list(node['x-with']),
    healthUrl: health?.[0] ?? null,
    profiles: list(node.profiles),
    stopGraceMs: durationMs(node.stop_grace_period) ?? 10_000,
  };
}

function ports(name: string, node: Node, faults: string[]): Port[] {
  const found = new Map<number, number>();
  for (const text of list(node.expose)) found.set(Number(text), Number(text));
  for (const text of list(node.ports)) {
    // [bind:][host:]container[/protocol]
    const parts = text.split('/')[0]?.split(':') ?? [];
    const container = Number(parts.at(-1));
    found.set(container, parts.length > 1 ? Number(parts.at(-2)) : container);
  }
  for (const [container, host] of found) {
    if (!isPort(container) || !isPort(host))
      faults.push(`${name}: ports: ${host}:${container} is no pair of port numbers`);
  }
  return [...found].map(([container, host]) => ({ container, host }));
}

function environment(node: unknown): Record<string, string> {
  if (isNode(node)) {
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, value === null ? '' : String(value)]));
  }
  return Object.fromEntries(list(node).map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]));
}

function volume(text: string): Volume {
  const [source = '', target = ''] = text.split(':');
  return { source, target, named: !/^[./~]/.test(source) };
}

function dependencies(node: unknown): Record<string, Condition> {
  if (!isNode(node)) return Object.fromEntries(list(node).map((name) => [name, 'service_started' as const]));
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [
      name,
      isNode(value) && typeof value.condition === 'string' ? (value.condition as Condition) : 'service_started',
    ]),
  );
}

function cycles(services: Record<string, ServiceSpec>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (name: string, path: string[]): void => {
    if (path.includes(name)) {
      found.push(`services wait for each other: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`);
      return;
    }
    if (done.has(name)) return;
    const { dependsOn = {}, after = [] } = services[name] ?? {};
    for (const dependency of [...Object.keys(dependsOn), ...after]) visit(dependency, [...path, name]);
    done.add(name);
  };
  for (const name of Object.keys(services)) visit(name, []);
  return found;
}

function dotEnv(folder: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(join(folder, '.env'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

function durationMs(value: unknown): number | null {
  const match = typeof value === 'string' ? value.match(/^(?:(\d+)m)?(?:(\d+)s)?$/) : null;
  return match === null ? null : (Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0)) * 1000;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const isPort = (value: number) => Number.isInteger(value) && value > 0 && value < 65_536;
const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
const words = (value: unknown): string[] =>
  typeof value === 'string' ? value.trim().split(/\s+/).filter(Boolean) : list(value);
