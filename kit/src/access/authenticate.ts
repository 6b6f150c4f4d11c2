import type { MeshClient } from '../mesh/client.ts';
import type { TraceContext } from '../mesh/trace.ts';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';
import type { Access } from './access.ts';
import { Introspection } from './introspection.ts';
import { KeySet } from './key-set.ts';
import { accessOf, isJwt, keyIdOf } from './read-jwt.ts';

/**
 * The caller of a request by its header `Authorization`.
 *
 * @throws ServiceError `invalid_token`: the token is missing, unknown, expired or forged; `issuer_unavailable`,
 * `peer_unavailable`, `peer_timeout`: its issuer cannot be asked and has not been before
 */
export type Authenticate = (authorization: string | undefined, trace: TraceContext) => Promise<Access>;

export interface AuthenticateOptions {
  mesh: Pick<MeshClient, 'send'>;
  now: Clock;
  /** Who signs JWTs: the service and the path of its published keys. */
  keys: { service: string; path: string };
  /** Who issues opaque tokens: the service, the path of introspection, and the credentials there (null: not asked). */
  opaque: { service: string; path: string; credentials: { id: string; secret: string } | null };
  /** A reply about an opaque token is used for this long. Default: 10 s. */
  freshMs?: number;
}

/** Accepts tokens of both kinds: verifies a JWT by its signature, and asks the issuer about an opaque token. */
export function authenticator(options: AuthenticateOptions): Authenticate {
  const { mesh, now, freshMs = 10_000 } = options;
  const keys = new KeySet({ mesh, now, ...options.keys });
  const remembered = { freshMs, staleMs: 300_000, entries: 50_000 };
  const opaque = new Introspection({ mesh, now, ...remembered, ...options.opaque, form: /^[0-9a-f]{40}$/, read });

  const bySignature = async (token: string): Promise<Access | undefined> => {
    const keyId = keyIdOf(token);
    const key = keyId === undefined ? undefined : await keys.find(keyId);
    return key && accessOf(token, key, now());
  };

  return async (authorization, trace) => {
    const token = bearerToken(authorization);
    const access = token && (isJwt(token) ? await bySignature(token) : await opaque.find(token, trace));
    if (!access) throw new ServiceError('invalid_token');
    return access;
  };
}

/** The caller that an introspection response identifies. */
function read({ client_id: clientId, identifier: kind, scope }: Readonly<Record<string, unknown>>): Access | undefined {
  if (typeof clientId !== 'string') return undefined;
  if (kind !== 'implicit' && kind !== 'client_credentials') return undefined;
  return { kind, clientId, scope: typeof scope === 'string' ? scope : '' };
}

/** The token of `Bearer <t>` (RFC 6750) or of `Bearer: <t>`, which clients older than 2021 send. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer:?\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
}
