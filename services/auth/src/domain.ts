import type { AccessTokenClaims, Identifier, TokenResponse } from './contract.ts';
import { AuthError } from './errors.ts';
import type { SecretHash } from './secrets/hash-format.ts';

/** An API client that may get tokens. A revoked client does not count as a client. */
export interface Client {
  clientId: string;
  identifiers: readonly Identifier[];
  /** Null if the client has no secret. It may then use only the implicit grant. */
  secret: SecretHash | null;
}

/** A request for a token with all members that its grant requires. */
export type Grant =
  | { type: 'implicit'; clientId: string }
  | { type: 'client_credentials'; clientId: string; secret: string }
  | { type: 'refresh_token'; clientId: string; refreshToken: string };

const maxFieldLength = 512;

/**
 * Reads a grant from a body of any type.
 *
 * @throws AuthError `invalid_request` when a member is missing, `unsupported_grant` for any other grant_type
 */
export function grantOf(body: unknown): Grant {
  const type = field(body, 'grant_type');
  switch (type) {
    case 'implicit':
      return { type, clientId: field(body, 'client_id') };
    case 'client_credentials':
      return { type, clientId: field(body, 'client_id'), secret: field(body, 'client_secret') };
    case 'refresh_token':
      return { type, clientId: field(body, 'client_id'), refreshToken: field(body, 'refresh_token') };
    default:
      throw new AuthError('unsupported_grant', {
        detail: 'grant_type must be implicit, client_credentials or refresh_token',
        source: 'grant_type',
      });
  }
}

/**
 * Reads a required member: text that is neither empty nor too long.
 *
 * @throws AuthError `invalid_request`
 */
export function field(body: unknown, name: string, maxLength = maxFieldLength): string {
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  if (typeof value !== 'string' || value === '' || value.length > maxLength || value.includes('\0')) {
    throw new AuthError('invalid_request', { detail: `${name} is required`, source: name });
  }
  return value;
}

/** The same error for an unknown client, a revoked one, a wrong secret and a grant that the client may not use. */
export function invalidClient(): AuthError {
  return new AuthError('invalid_client', { detail: 'The client credentials are not valid' });
}

export function mayUse(client: Client | null, identifier: Identifier): client is Client {
  return client?.identifiers.includes(identifier) ?? false;
}

const both = (area: string) => [`${area}:read`, `${area}:write`];

/** The scope of each kind of token (RFC 6749, section 3.3). The monolith's tokens have the same scopes. */
const scopes: Readonly<Record<Identifier, string>> = {
  implicit: [...both('carts'), 'catalog:read', ...both('payments'), 'sign-up:write', 'stock:read'].join(' '),
  client_credentials: ['carts', 'catalog', 'customers', 'orders', 'payments', 'sign-up', 'stock', 'store', 'taxes']
    .flatMap(both)
    .join(' '),
};

export interface TokenRules {
  issuer: string;
  ttlS: number;
}

/** Claims of a token issued at `nowMs`. `jti` makes the token unique. */
export function claimsFor(
  clientId: string,
  identifier: Identifier,
  { issuer, ttlS }: TokenRules,
  nowMs: number,
  jti: string,
): AccessTokenClaims {
  const iat = Math.floor(nowMs / 1_000);
  return {
    iss: issuer,
    sub: clientId,
    jti,
    iat,
    exp: iat + ttlS,
    identifier,
    scope: scopes[identifier],
  };
}

export function tokenResponseFor(token: string, claims: AccessTokenClaims): TokenResponse {
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: claims.exp - claims.iat,
    expires: claims.exp,
    identifier: claims.identifier,
  };
}
