import type { AccessTokenClaims, Identifier, TokenAnswer, TokenRequest } from './contract.ts';
import { AuthError } from './errors.ts';
import type { SecretHash } from './secrets/hash-format.ts';

/** An API client that may be given tokens; one that was revoked is not a client. */
export interface Client {
  clientId: string;
  identifiers: readonly Identifier[];
  /** Null: has no secret, so only the implicit grant is open to it. */
  secret: SecretHash | null;
}

/** A request for a token that has all that its grant asks for. */
export type Grant =
  | { identifier: 'implicit'; clientId: string }
  | { identifier: 'client_credentials'; clientId: string; secret: string };

/**
 * Which grant a request asks for.
 *
 * @throws AuthError `invalid_request` when a member is missing, `unsupported_grant` for any other grant_type
 */
export function grantOf(request: TokenRequest | undefined): Grant {
  const { grant_type: type, client_id: clientId, client_secret: secret } = request ?? {};
  if (!type) throw missing('grant_type');
  if (type !== 'implicit' && type !== 'client_credentials') {
    throw new AuthError('unsupported_grant', { detail: 'The grant_type is not supported', source: 'grant_type' });
  }
  if (!clientId) throw missing('client_id');
  if (type === 'implicit') return { identifier: type, clientId };
  if (!secret) throw missing('client_secret');
  return { identifier: type, clientId, secret };
}

function missing(source: string): AuthError {
  return new AuthError('invalid_request', { detail: `${source} is required`, source });
}

/** The one answer to an unknown client, a revoked one, a wrong secret and a grant that is not open to the client. */
export function invalidClient(): AuthError {
  return new AuthError('invalid_client', { detail: 'The client credentials are not valid' });
}

export function mayUse(client: Client | null, identifier: Identifier): client is Client {
  return client?.identifiers.includes(identifier) ?? false;
}

/** What the tokens of each kind may do; RFC 6749, section 3.3. */
const scopes: Readonly<Record<Identifier, string>> = {
  implicit: 'store:read',
  client_credentials: 'store:read store:write',
};

export interface TokenRules {
  issuer: string;
  ttlS: number;
}

/** Claims of a token issued at `nowMs`; `jti` makes it unlike any other. */
export function claimsFor(grant: Grant, { issuer, ttlS }: TokenRules, nowMs: number, jti: string): AccessTokenClaims {
  const iat = Math.floor(nowMs / 1_000);
  return {
    iss: issuer,
    sub: grant.clientId,
    jti,
    iat,
    exp: iat + ttlS,
    identifier: grant.identifier,
    scope: scopes[grant.identifier],
  };
}

export function answerFor(token: string, claims: AccessTokenClaims): TokenAnswer {
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: claims.exp - claims.iat,
    expires: claims.exp,
    identifier: claims.identifier,
  };
}
