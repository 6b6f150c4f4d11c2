import { existsSync } from 'node:fs';
import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** The requests that a driver sends, in turn; all to one origin. */
export interface Target {
  /** Origin, such as `http://127.0.0.1:8080`. This machine only (`assertLocal`). */
  url: string;
  /** The open loop only: several origins that take turns, as a client does that has a list of instances and nothing else. */
  urls?: readonly string[];
  requests: readonly TargetRequest[];
}

export interface TargetRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/**
 * Load goes to this machine only: a figure from across a network is another figure, and another's server no target. In a
 * container, the containers of the same private network are this machine, too.
 * @throws Error for any other address, and for a name
 */
export function assertLocal(url: string, neighbors: readonly string[] = containerNetworks()): void {
  const { hostname } = new URL(url);
  if (hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)) return;
  if (isIPv4(hostname) && isPrivate(hostname) && isWithin(hostname, neighbors)) return;
  throw new Error(`${url}: load goes to loopback addresses only, and from a container to its neighbors`);
}

/** The IPv4 networks that this container is attached to, as `172.18.0.0/16`; none outside of a container. */
function containerNetworks(): string[] {
  if (!existsSync('/.dockerenv') && !existsSync('/run/.containerenv')) return [];
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, cidr }) => family === 'IPv4' && !internal && cidr !== null)
    .map(({ cidr }) => cidr ?? '');
}

/** RFC 1918. */
const isPrivate = (address: string) => isWithin(address, ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']);

function isWithin(address: string, networks: readonly string[]): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits = ''] = network.split('/');
    list.addSubnet(base, Number(bits));
  }
  return list.check(address);
}
