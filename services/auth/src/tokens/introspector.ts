import type { Clock } from '@banyan/kit/clock';
import type { TraceContext } from '@banyan/kit/trace';
import jwt from 'jsonwebtoken';
import type { ClientCache } from '../clients/client-cache.ts';
import { type AccessTokenClaims, type IntrospectionAnswer, tokenAlgorithm } from '../contract.ts';
import { mayUse } from '../domain.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { OpaqueTokens } from './opaque-tokens.ts';

export interface IntrospectorOptions {
  keyring: Keyring;
  clients: ClientCache;
  opaque: OpaqueTokens;
  issuer: string;
  now: Clock;
}

/** Longer ones are not ours: our own have about 600 characters. */
const maxTokenLength = 4_096;

/** Says whether a token of either kind is valid (RFC 7662): its own it checks itself, opaque ones are the monolith's. */
export class Introspector {
  readonly #options: IntrospectorOptions;

  constructor(options: IntrospectorOptions) {
    this.#options = options;
  }

  /** @throws ServiceError `store_unavailable`, `peer_unavailable`, `peer_timeout`, AuthError `bad_answer` */
  async introspect(token: string, trace: TraceContext): Promise<IntrospectionAnswer> {
    if (token.length > maxTokenLength) return { active: false };
    if (token.split('.').length !== 3) return this.#options.opaque.introspect(token, trace);
    const claims = this.#claimsOf(token);
    if (!claims) return { active: false };
    // A token outlives its client by up to its lifetime for those who verify it alone; here the client is looked at too.
    if (!mayUse(await this.#options.clients.get(claims.sub), claims.identifier)) return { active: false };
    const { sub, identifier, scope, exp, iat, iss, jti } = claims;
    return { active: true, client_id: sub, identifier, scope, exp, token_type: 'Bearer', iss, iat, jti };
  }

  #claimsOf(token: string): AccessTokenClaims | null {
    const { keyring, issuer, now } = this.#options;
    const kid = keyIdOf(token);
    if (kid === null) return null;
    const key = keyring.find(kid);
    if (!key) return null;
    try {
      return jwt.verify(token, key.publicKey, {
        algorithms: [tokenAlgorithm],
        issuer,
        clockTimestamp: Math.floor(now() / 1_000),
      }) as AccessTokenClaims;
    } catch {
      return null;
    }
  }
}

/** Null for anything that is not a JWT with a key id: the library throws errors of several kinds at such. */
function keyIdOf(token: string): string | null {
  try {
    const kid: unknown = jwt.decode(token, { complete: true })?.header.kid;
    return typeof kid === 'string' ? kid : null;
  } catch {
    return null;
  }
}
