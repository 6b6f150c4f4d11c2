import { lookup, Resolver } from 'node:dns/promises';

/** The addresses of a host name. */
export interface Resolved {
  addresses: string[];
  /** How long they are valid, if the reply says so. */
  ttlMs?: number;
}

export interface ResolveOptions {
  /** Ask the name servers for records and their TTL, instead of the system's resolver. */
  respectTtl: boolean;
}

/** Rejects with an Error whose `code` is the reason. */
export type Resolve = (host: string, options: ResolveOptions) => Promise<Resolved>;

/**
 * By default the system's resolver: its hosts file, search domains and caches. It does not report a TTL. With
 * `respectTtl`, the name servers are asked for the full name.
 */
export const resolveHost: Resolve = async (host, { respectTtl }) => {
  if (respectTtl) return resolveRecords(host);
  const found = await lookup(host, { all: true, verbatim: true });
  return { addresses: found.map(({ address }) => address) };
};

/** DNS may lose packets: each name server is asked this many times, with this time limit. */
const asking = { timeout: 1_000, tries: 3 };

/**
 * Codes of replies that say there is nothing: no such name, or no record of this type. After other codes nothing is
 * known.
 */
const nothing = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * The A and AAAA records of a name, and their lowest TTL (RFC 1035, 3.2.1).
 *
 * @param servers `host:port` each; default: those of the system
 * @throws Error with `code`: ENOTFOUND or ENODATA if there are neither; ETIMEOUT, ESERVFAIL and others if one of the
 * two is unknown: the other one alone would remove endpoints
 */
export async function resolveRecords(host: string, servers?: readonly string[]): Promise<Resolved> {
  // A new resolver each time, because it reads the system's name servers only when it is created.
  const resolver = new Resolver(asking);
  if (servers) resolver.setServers(servers);
  const replies = await Promise.allSettled([
    resolver.resolve4(host, { ttl: true }),
    resolver.resolve6(host, { ttl: true }),
  ]);
  const failures = replies.flatMap((reply) => (reply.status === 'rejected' ? [reply.reason as Failure] : []));
  const unknown = failures.find(({ code }) => !nothing.has(code));
  if (unknown) throw unknown;
  if (failures.length === replies.length) throw failures[0];
  const records = replies.flatMap((reply) => (reply.status === 'fulfilled' ? reply.value : []));
  return {
    addresses: records.map(({ address }) => address),
    ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1_000,
  };
}

interface Failure extends Error {
  code: string;
}
