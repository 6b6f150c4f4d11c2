/** Who asks, as the access token says. */
export interface Access {
  kind: 'implicit' | 'client_credentials';
  clientId: string;
  scope: string;
  /** From `X-MOLTIN-CUSTOMER-TOKEN`: narrows what is seen to this customer. */
  customerId?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every path under /v2 before its handler runs. */
    access: Access;
    /** ISO code from `X-MOLTIN-CURRENCY`, known to be enabled; undefined where the header is absent. */
    currency: string | undefined;
  }
}
