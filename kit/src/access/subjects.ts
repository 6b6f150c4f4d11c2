import type { MeshClient } from '../mesh/client.ts';
import type { TraceContext } from '../mesh/trace.ts';
import type { Clock } from '../service/clock.ts';
import { Introspection } from './introspection.ts';

export interface SubjectsOptions {
  mesh: Pick<MeshClient, 'send'>;
  now: Clock;
  /** Who issues the tokens: the service, the path that tells about them, and the credentials there (null: not asked). */
  issuer: { service: string; path: string; credentials: { id: string; secret: string } | null };
  /** The header of a GET in which the issuer gets the token. */
  header: string;
  /** A reply is used for this long. Default: 10 s. */
  freshMs?: number;
}

/**
 * The subject of the second token of a request; null if the token is not valid.
 *
 * @throws ServiceError `peer_unavailable`, `peer_timeout`: its issuer cannot be asked
 */
export type FindSubject = (token: string, trace: TraceContext) => Promise<string | null>;

/** Asks the issuer about second tokens: JWTs under a key that only it has. */
export function subjectFinder({ mesh, now, issuer, header, freshMs = 10_000 }: SubjectsOptions): FindSubject {
  const introspection = new Introspection<string>({
    ...{ mesh, now, ...issuer, header, freshMs, staleMs: 300_000, entries: 50_000 },
    form: /^[\w-]+\.[\w-]+\.[\w-]+$/,
    read: ({ sub }) => (typeof sub === 'string' ? sub : undefined),
  });
  return (token, trace) => introspection.find(token, trace);
}
