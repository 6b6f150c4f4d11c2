import type { TokenKind } from '../oauth/tokens.ts';

/** The caller, as the access token identifies it. */
export interface Access {
  kind: TokenKind;
  clientId: string;
  scope: string;
  /** From `X-MOLTIN-CUSTOMER-TOKEN`: limits the visible records to those of this customer. */
  customerId?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every path under /v2 before its handler runs. */
    access: Access;
    /** ISO code of an enabled currency, from `X-MOLTIN-CURRENCY`; undefined without the header. */
    currency: string | undefined;
  }
}
