import Type, { type Static } from '@banyan/kit/typebox';

/**
 * What other services may import from this one: the wire format of its routes and the claims of its tokens.
 *
 * A service that receives a bearer token checks whether it is a JWT (two dots). It verifies a JWT itself with the keys
 * of {@link paths.jwks} and the algorithm pinned to {@link tokenAlgorithm}. If the `kid` is unknown, it reads the keys
 * again. It introspects any other token at {@link paths.introspect} and caches the response until `exp`.
 */
export const paths = {
  token: '/oauth/access_token',
  jwks: '/.well-known/jwks.json',
  introspect: '/oauth/introspect',
} as const;

/** RFC 7518, section 3.4. */
export const tokenAlgorithm = 'ES256';

/** What a token allows: `implicit` reads what is live, `client_credentials` administers the store. */
export const Identifier = Type.Enum(['implicit', 'client_credentials']);
export type Identifier = Static<typeof Identifier>;

/** Body of POST /oauth/access_token, as a form or as JSON. */
export const TokenRequest = Type.Union([
  Type.Object({ grant_type: Type.Literal('implicit'), client_id: Type.String() }),
  Type.Object({
    grant_type: Type.Literal('client_credentials'),
    client_id: Type.String(),
    client_secret: Type.String(),
  }),
  Type.Object({ grant_type: Type.Literal('refresh_token'), client_id: Type.String(), refresh_token: Type.String() }),
]);
export type TokenRequest = Static<typeof TokenRequest>;

/** Flat, unlike the API's other responses: clients read `access_token` and `expires` at the top level. */
export const TokenResponse = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  /** Seconds. */
  expires_in: Type.Integer(),
  /** Seconds since the epoch. */
  expires: Type.Integer(),
  identifier: Identifier,
  /** Only with tokens that the monolith issued. */
  refresh_token: Type.Optional(Type.String()),
});
export type TokenResponse = Static<typeof TokenResponse>;

/** Claims of an access token (RFC 7519); `iat` and `exp` in seconds since the epoch. */
export const AccessTokenClaims = Type.Object({
  iss: Type.String(),
  /** The client id. */
  sub: Type.String(),
  jti: Type.String(),
  iat: Type.Integer(),
  exp: Type.Integer(),
  identifier: Identifier,
  /** Space-separated (RFC 6749, section 3.3). */
  scope: Type.String(),
});
export type AccessTokenClaims = Static<typeof AccessTokenClaims>;

/** Body of POST /oauth/introspect: a form (RFC 7662, section 2.1). The caller authenticates with HTTP Basic. */
export const IntrospectionRequest = Type.Object({
  token: Type.String(),
  token_type_hint: Type.Optional(Type.String()),
});

/** RFC 7662, section 2.2. The response about an invalid token is `active: false` and nothing else. */
export const IntrospectionResponse = Type.Union([
  Type.Object({
    active: Type.Literal(true),
    client_id: Type.String(),
    identifier: Identifier,
    scope: Type.String(),
    /** Seconds since the epoch. */
    exp: Type.Integer(),
    token_type: Type.Literal('Bearer'),
    iss: Type.Optional(Type.String()),
    iat: Type.Optional(Type.Integer()),
    jti: Type.Optional(Type.String()),
  }),
  Type.Object({ active: Type.Literal(false) }),
]);
export type IntrospectionResponse = Static<typeof IntrospectionResponse>;
