import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { ServiceSpec } from './topology.ts';

/**
 * Below the ports that Linux and macOS hand out to outgoing connections, so that none of those can take one from us.
 */
const firstFree = 20_000;
const freeCount = 10_000;

/** Whether a server could listen on this port of the loopback address now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export interface PortPlan {
  /** Host port by service name and container port. */
  ports: Map<string, Map<number, number>>;
  /** The ports of the file that are taken. */
  taken: { service: string; port: number; instead: number }[];
}

/**
 * Gives every port of every service a port of this machine: the file's if it is free (`compose`), otherwise one that
 * follows from `seed` (the stack's folder), so that the same folder gets the same ports again.
 */
export async function planPorts(
  services: readonly ServiceSpec[],
  mode: 'compose' | 'auto',
  seed: string,
  free: (port: number) => Promise<boolean> = isFree,
): Promise<PortPlan> {
  const plan: PortPlan = { ports: new Map(), taken: [] };
  const given = new Set<number>();
  for (const service of services) {
    const mine = new Map<number, number>();
    plan.ports.set(service.name, mine);
    for (const port of service.ports) {
      const usable = mode === 'compose' && !given.has(port.host) && (await free(port.host));
      const actual = usable ? port.host : await anyFree(`${seed} ${service.name} ${port.container}`, given, free);
      if (mode === 'compose' && !usable) plan.taken.push({ service: service.name, port: port.host, instead: actual });
      given.add(actual);
      mine.set(port.container, actual);
    }
  }
  return plan;
}

/** A port for what no plan names: above those of the plans, and below those of outgoing connections. */
export async function privatePort(seed: string, given: ReadonlySet<number>): Promise<number> {
  return anyFree(seed, given, isFree, firstFree + freeCount, 2_700);
}

async function anyFree(
  seed: string,
  given: ReadonlySet<number>,
  free: (port: number) => Promise<boolean>,
  first = firstFree,
  count = freeCount,
): Promise<number> {
  const start = createHash('sha256').update(seed).digest().readUInt32BE(0) % count;
  for (let step = 0; step < count; step++) {
    const port = first + ((start + step) % count);
    if (!given.has(port) && (await free(port))) return port;
  }
  throw new Error(`no port between ${first} and ${first + count} is free`);
}
