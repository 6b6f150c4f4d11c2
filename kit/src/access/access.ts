/** The caller of a request, as its access token identifies it. */
export interface Access {
  /** `implicit` reads what is live; `client_credentials` administers the store. */
  kind: 'implicit' | 'client_credentials';
  clientId: string;
  /** Space-separated (RFC 6749, section 3.3). */
  scope: string;
  /** From the second token of a request: limits what is visible to what belongs to this subject. */
  subject?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the handler of every route that {@link guardRoutes} guards. */
    caller: Access;
  }
}
