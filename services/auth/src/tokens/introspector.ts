import type { Clock } from '@banyan/kit/clock';
import type { TraceContext } from '@banyan/kit/trace';
import jwt from 'jsonwebtoken';
import type { ClientCache } from '../clients/client-cache.ts';
import { type AccessTokenClaims, type IntrospectionResponse, tokenAlgorithm } from '../contract.ts';
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

/** Tokens of this service have about 600 characters, so a longer one is foreign. */
const maxTokenLength = 4_096;

/** Tells whether a token is valid (RFC 7662). Verifies JWTs itself and asks the monolith about opaque tokens. */
export class Introspector {
  readonly #options: IntrospectorOptions;

  constructor(options: IntrospectorOptions) {
    this.#options = options;
  }

  /** @throws ServiceError `store_unavailable`, `peer_unavailable`, `peer_timeout`, AuthError `bad_reply` */
  async introspect(token: string, trace: TraceContext): Promise<IntrospectionResponse> {
    if (token.length > maxTokenLength) return { active: false };
    if (token.split('.').length !== 3) return this.#options.opaque.introspect(token, trace);
    const claims = this.#claimsOf(token);
    if (!claims) return { active: false };
    // The signature alone would accept tokens of a revoked client until they expire, so the client is checked as well.
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

/** Null for anything that is not a JWT with a key id. The library throws several kinds of errors for those. */
function keyIdOf(token: string): string | null {
  try {
    const kid: unknown = jwt.decode(token, { complete: true })?.header.kid;
    return typeof kid === 'string' ? kid : null;
  } catch {
    return null;
  }
}
