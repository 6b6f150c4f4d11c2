import { type Authenticate, authenticator } from '../access/authenticate.ts';
import { type FindSubject, subjectFinder } from '../access/subjects.ts';
import { type MeshClient, openMeshClient } from '../mesh/client.ts';
import type { Clock } from '../service/clock.ts';
import { type CommonSettings, credentialsOf } from '../service/common-settings.ts';
import { Asking } from './asking.ts';

/** What a service of the API has of the platform around it. */
export interface Platform {
  mesh: MeshClient;
  /** Credentials of this service at the others; null if it has none. */
  credentials: { id: string; secret: string } | null;
  /** Who calls, by the access token. */
  authenticate: Authenticate;
  /** Who a customer token belongs to. */
  findCustomer: FindSubject;
  /** Asks other services. */
  asking: Asking;
}

export interface PlatformOptions {
  now: Clock;
  /** A longer reply of another service is refused. */
  maxReplyBytes?: number;
}

/** Has the customer token of a request. */
export const customerTokenHeader = 'x-moltin-customer-token';
/** Tokens are checked with the keys that `auth` publishes; the issuer of those that are opaque is asked about them. */
const keys = { service: 'auth', path: '/.well-known/jwks.json' };

/** Opens the client of the mesh, and what is made of it. Close `mesh` at the end. */
export function platformOf(
  config: Pick<CommonSettings, 'MESH_URL' | 'INTROSPECTION_CLIENT_ID' | 'INTROSPECTION_CLIENT_SECRET'>,
  { now, maxReplyBytes }: PlatformOptions,
): Platform {
  const credentials = credentialsOf(config);
  const mesh = openMeshClient({ meshUrl: config.MESH_URL, ...(maxReplyBytes !== undefined && { maxReplyBytes }) });
  const issuer = { service: 'monolith', path: '/oauth/introspect', credentials };
  const customers = { service: 'customers', path: '/internal/customers/token', credentials };
  return {
    ...{ mesh, credentials },
    authenticate: authenticator({ mesh, now, keys, opaque: issuer }),
    findCustomer: subjectFinder({ mesh, now, issuer: customers, header: customerTokenHeader }),
    asking: new Asking({ mesh, credentials }),
  };
}
