import type { HttpRouteMatch, RequestRedirect } from '../config/model.ts';
import { hostOf, portOf } from '../routing/match.ts';
import { modifyPath } from './path-modifier.ts';

/** What a redirect is made from. */
export interface Redirected {
  scheme: 'http' | 'https';
  /** As the client wrote it: host, and the port where it is not the scheme's own. */
  authority: string;
  /** Path and query. */
  path: string;
}

const wellKnownPorts = { http: 80, https: 443 } as const;

/**
 * The absolute URL that `redirect` sends a request to (Gateway API HTTPRequestRedirectFilter). What it does not say stays
 * as the client asked for it. A scheme without a port brings its own port; a port that is the scheme's own is left out.
 *
 * The port that stays is the one that the client knows, not that of the listener, which is another one behind a port
 * mapping or a load balancer.
 */
export function locationOf(redirect: RequestRedirect, from: Redirected, match: Pick<HttpRouteMatch, 'path'>): string {
  const scheme = redirect.scheme ?? from.scheme;
  const host = redirect.hostname ?? hostOf(from.authority);
  const asked = portOf(from.authority) ?? wellKnownPorts[from.scheme];
  const port = redirect.port ?? (redirect.scheme === undefined ? asked : wellKnownPorts[scheme]);
  const path = redirect.path === undefined ? from.path : modifyPath(from.path, redirect.path, match);
  return `${scheme}://${host}${port === wellKnownPorts[scheme] ? '' : `:${port}`}${path}`;
}
