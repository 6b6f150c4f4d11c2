import type { Clock } from '../clock.ts';
import type { Leases } from '../discovery/leases.ts';
import type { Log } from '../log.ts';
import type { Settings } from '../settings.ts';

/** How often the predecessor is asked for its leases, and the admin port is tried. */
const lookMs = 250;
const replyMsMax = 2000;

/** A lease as `GET /leases` shows it. */
interface LeaseShown {
  service: string;
  id: string;
  endpoint: string;
  servicePort: number;
  weight: number;
  expiresInMs: number;
}

export interface SuccessionOptions {
  /** Say where the admin port of both is, and the token that the predecessor takes for reading. */
  settings: Pick<Settings, 'adminHost' | 'adminPort' | 'adminToken' | 'adminReadToken'>;
  leases: Leases;
  clock: Clock;
  log: Log;
  /** Tries to get the admin port. @throws the system's error: EADDRINUSE while the predecessor has it */
  listen: () => Promise<number>;
}

/** The start of a mesh beside its predecessor on the same ports. */
export interface Succession {
  /** Resolves with the admin port when it is ours. */
  admin: Promise<number>;
  /** The admin port where it was free at once; null where a predecessor still has it. */
  taken: number | null;
  stop(): void;
}

/**
 * Takes the admin port when it is free. While a predecessor has the port, instances renew their leases there, so this
 * mesh copies the leases again and again. Resolves after the first attempt.
 */
export async function succeed(options: SuccessionOptions): Promise<Succession> {
  const { leases, clock, log, listen } = options;
  let stopped = false;
  let cancelNext = () => {};
  let take: (port: number) => void = () => {};
  const admin = new Promise<number>((resolve) => {
    take = resolve;
  });
  /** @returns the port, once it is ours */
  const look = async (): Promise<number | null> => {
    const port = await tried(listen);
    if (port !== null) {
      take(port);
      return port;
    }
    await follow(options).catch((thrown: Error) => {
      // The predecessor may have ended just now.
      if (!stopped) log.warn({ reason: thrown.message }, 'the mesh on the admin port did not say its leases');
    });
    if (!stopped) cancelNext = clock.after(lookMs, lookAgain);
    return null;
  };
  const lookAgain = () => {
    look().catch((thrown) => log.error({ err: thrown }, 'the admin port cannot be taken'));
  };
  const taken = await look();
  if (leases.list().length > 0) log.info({ leases: leases.list().length }, 'leases of the mesh before this one');
  return {
    admin,
    taken,
    stop: () => {
      stopped = true;
      cancelNext();
    },
  };
}

async function tried(listen: () => Promise<number>): Promise<number | null> {
  try {
    return await listen();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EADDRINUSE') return null;
    throw thrown;
  }
}

async function follow({ settings, leases }: SuccessionOptions): Promise<void> {
  const token = settings.adminToken ?? settings.adminReadToken;
  const response = await fetch(new URL('/leases', `http://${settings.adminHost}:${settings.adminPort}`), {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(replyMsMax),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const { leases: theirs } = (await response.json()) as { leases: LeaseShown[] };
  const keyOf = ({ service, id }: { service: string; id: string }) => `${service}/${id}`;
  const there = new Set(theirs.map(keyOf));
  for (const lease of leases.list()) if (!there.has(keyOf(lease))) leases.remove(lease.service, lease.id);
  for (const { service, id, endpoint, servicePort, weight, expiresInMs } of theirs) {
    const colon = endpoint.lastIndexOf(':');
    // Refused where the documents no longer name the service: then nothing is lost.
    leases.put({
      service,
      id,
      address: endpoint.slice(0, colon).replace(/^\[|\]$/g, ''),
      port: Number(endpoint.slice(colon + 1)),
      weight,
      servicePort,
      ttlMs: Math.max(1, expiresInMs),
    });
  }
}
