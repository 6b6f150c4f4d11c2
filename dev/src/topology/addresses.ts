import { join } from 'node:path';
import type { ServiceSpec, Topology } from './topology.ts';

/** Where everything of a topology really is when it runs on this machine instead of in containers. */
export interface Addresses {
  /** Host port by service name and container port. */
  ports: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** URL of each store that runs, by service name: scheme, user, password, host and port are taken from it. */
  stores: ReadonlyMap<string, string>;
  /** Folder that stands in for a named volume. */
  volumeFolder(name: string): string;
}

const loopback = '127.0.0.1';
const address =
  /(?<![\w.@-])(?:(?<scheme>[a-z][a-z0-9+.-]*:\/\/)(?<login>[^\s/@,;]*@)?)?(?<host>[a-zA-Z][\w-]*|127\.0\.0\.1)(?::(?<port>\d+))?(?![\w.-])/g;
const schemePorts: Readonly<Record<string, number>> = { 'http://': 80, 'https://': 443 };

/**
 * The environment of a service as it must be outside of containers: host names and ports of other services, its own
 * ports, and paths in volumes, wherever they stand in a value. Names outside the topology stay unchanged.
 */
export function rewriteEnvironment(
  service: ServiceSpec,
  topology: Topology,
  addresses: Addresses,
): Record<string, string> {
  const environment = { ...service.environment, ...service.localEnvironment };
  return Object.fromEntries(
    Object.entries(environment).map(([key, value]) => [key, rewriteEntry(key, value, service, topology, addresses)]),
  );
}

function rewriteEntry(
  key: string,
  value: string,
  service: ServiceSpec,
  topology: Topology,
  addresses: Addresses,
): string {
  if (value === '0.0.0.0' || value === '::') return loopback;
  if (/^\d+$/.test(value) && /(^|_)PORT$/.test(key))
    return rewritePort(key, Number(value), service, topology, addresses);
  if (/(^|_)HOST$/.test(key)) return rewriteHost(value, topology, addresses);
  return rewriteText(value, service, topology, addresses);
}

/** Only a variable named `…HOST` holds a bare host name: elsewhere the same word may be a database's, or a client's. */
function rewriteHost(value: string, topology: Topology, addresses: Addresses): string {
  const store = addresses.stores.get(value);
  if (store !== undefined) return new URL(store).hostname;
  return topology.services[value] === undefined ? value : loopback;
}

/** `X_PORT` belongs to the service that `X_HOST` names; without such a neighbor it is a port of the process's own. */
function rewritePort(
  key: string,
  port: number,
  service: ServiceSpec,
  topology: Topology,
  addresses: Addresses,
): string {
  const neighbor = service.environment[key.replace(/PORT$/, 'HOST')];
  const owner = neighbor !== undefined && topology.services[neighbor] !== undefined ? neighbor : service.name;
  const store = addresses.stores.get(owner);
  if (store !== undefined) return new URL(store).port;
  return String(addresses.ports.get(owner)?.get(port) ?? port);
}

/** A command line's word or an environment value with everything in it that names the topology replaced. */
export function rewriteText(text: string, service: ServiceSpec, topology: Topology, addresses: Addresses): string {
  const path = rewritePath(text, service, topology, addresses);
  if (path !== null) return path;
  return text.replace(address, (...args: unknown[]) => {
    const whole = args[0] as string;
    const { scheme, login, host = '', port } = args.at(-1) as Record<string, string | undefined>;
    if (scheme === undefined && port === undefined) return whole;
    const store = addresses.stores.get(host);
    if (store !== undefined) {
      const url = new URL(store);
      if (scheme === undefined) return url.host;
      const credentials = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : `:${url.password}`}@`;
      return `${url.protocol}//${credentials}${url.host}${isBroker(url) && text.endsWith(whole) ? url.pathname : ''}`;
    }
    // A published port of localhost means the service that publishes it.
    if (host === 'localhost' || host === loopback) {
      const published = port === undefined ? undefined : publishedPort(Number(port), topology, addresses);
      return published === undefined ? whole : `${scheme ?? ''}${login ?? ''}${host}:${published}`;
    }
    if (topology.services[host] === undefined) return whole;
    const wanted = port === undefined ? schemePorts[scheme ?? ''] : Number(port);
    const actual = wanted === undefined ? undefined : addresses.ports.get(host)?.get(wanted);
    const shown = actual ?? port;
    return `${scheme ?? ''}${login ?? ''}${loopback}${shown === undefined ? '' : `:${shown}`}`;
  });
}

/** Of a broker, the path is a part of the server that is given. Of a database, the topology names it. */
const isBroker = (url: URL) => url.protocol.startsWith('amqp');

function publishedPort(port: number, topology: Topology, addresses: Addresses): number | undefined {
  for (const service of Object.values(topology.services)) {
    const match = service.ports.find((candidate) => candidate.host === port);
    const actual = match && addresses.ports.get(service.name)?.get(match.container);
    if (actual !== undefined) return actual;
  }
  return undefined;
}

function rewritePath(text: string, service: ServiceSpec, topology: Topology, addresses: Addresses): string | null {
  const below = (folder: string) =>
    text === folder || text.startsWith(`${folder}/`) ? text.slice(folder.length) : null;
  for (const { source, target, named } of service.volumes) {
    const rest = below(target);
    if (rest !== null) return join(named ? addresses.volumeFolder(source) : join(topology.folder, source), rest);
  }
  const rest = below(topology.imageFolder);
  return rest === null ? null : join(topology.folder, rest);
}
