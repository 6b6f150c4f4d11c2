import { lookup, Resolver } from 'node:dns/promises';

/** What a host name leads to. */
export interface Resolved {
  addresses: string[];
  /** How long this holds, where the answer says so. */
  ttlMs?: number;
}

export interface ResolveOptions {
  /** Ask for what DNS says, and how long it says that this holds, instead of what the system makes of it. */
  respectTtl: boolean;
}

/** Rejects with an Error whose `code` says why. */
export type Resolve = (host: string, options: ResolveOptions) => Promise<Resolved>;

/**
 * The system's own way by default: its hosts file, its search domains, its caches, which tell no one how long an answer
 * holds. With `respectTtl` the name servers themselves are asked, for the full name.
 */
export const resolveHost: Resolve = async (host, { respectTtl }) => {
  if (respectTtl) return resolveRecords(host);
  const found = await lookup(host, { all: true, verbatim: true });
  return { addresses: found.map(({ address }) => address) };
};

/** DNS over a network that loses packets: each name server is asked this often, with this much patience. */
const asking = { timeout: 1_000, tries: 3 };

/** Of the answers that say there is nothing: no such name, and no record of this type. Others say that nothing is known. */
const nothing = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * The A and AAAA records of a name, and the shortest time that one of them may be kept (RFC 1035, 3.2.1).
 *
 * @param servers `host:port` each; the system's unless given
 * @throws Error with `code`: ENOTFOUND or ENODATA where there is neither, ETIMEOUT, ESERVFAIL and others where one of the
 * two cannot be known: what is known of the other is half the truth, and would take endpoints away
 */
export async function resolveRecords(host: string, servers?: readonly string[]): Promise<Resolved> {
  // A new one each time: it reads the system's list of name servers only when it is made.
  const resolver = new Resolver(asking);
  if (servers) resolver.setServers(servers);
  const answers = await Promise.allSettled([
    resolver.resolve4(host, { ttl: true }),
    resolver.resolve6(host, { ttl: true }),
  ]);
  const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Failure] : []));
  const unknown = failures.find(({ code }) => !nothing.has(code));
  if (unknown) throw unknown;
  if (failures.length === answers.length) throw failures[0];
  const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  return {
    addresses: records.map(({ address }) => address),
    ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1_000,
  };
}

interface Failure extends Error {
  code: string;
}
