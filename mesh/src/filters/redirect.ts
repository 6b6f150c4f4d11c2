import type { HttpRouteMatch, RequestRedirect } from '../config/model.ts';
import { hostOf, portOf } from '../routing/match.ts';
import { modifyPath } from './path-modifier.ts';

/** The parts of a request that a redirect uses. */
export interface Redirected {
  scheme: 'http' | 'https';
  /** As the client wrote it: host, and the port unless it is the scheme's default. */
  authority: string;
  /** Path and query. */
  path: string;
}

const wellKnownPorts = { http: 80, https: 443 } as const;

/**
 * The absolute URL for `redirect` (Gateway API HTTPRequestRedirectFilter). Parts that it does not set stay as in the
 * request. A scheme without a port sets its default port, and default ports are omitted.
 *
 * The port of the request is the one that the client used. Behind a port mapping or a load balancer, the port of the
 * listener differs.
 */
export function locationOf(redirect: RequestRedirect, from: Redirected, match: Pick<HttpRouteMatch, 'path'>): string {
  const scheme = redirect.scheme ?? from.scheme;
  const host = redirect.hostname ?? hostOf(from.authority);
  const asked = portOf(from.authority) ?? wellKnownPorts[from.scheme];
  const port = redirect.port ?? (redirect.scheme === undefined ? asked : wellKnownPorts[scheme]);
  const path = redirect.path === undefined ? from.path : modifyPath(from.path, redirect.path, match);
  return `${scheme}://${host}${port === wellKnownPorts[scheme] ? '' : `:${port}`}${path}`;
}
