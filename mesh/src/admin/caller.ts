import type { IncomingMessage } from 'node:http';
import { plainAddress } from '../policy/client.ts';
import { isLoopback } from '../settings.ts';

/** Why a request to the admin port is refused before anything else is checked. */
export interface CallerFault {
  status: 421 | 403;
  detail: string;
}

/**
 * Whether a request was meant for this admin port, and is not a web page's.
 *
 * - A page can point its own host name at a loopback address (DNS rebinding). The browser then takes its requests for
 *   same-origin, but they carry the page's name in Host. So Host must name this machine: a loopback name or address,
 *   the address that the connection came in on, or one of `names`. Otherwise 421 (RFC 9110, section 15.5.20).
 * - A page of another origin can send simple requests without a preflight, and carries its origin in Origin, or says
 *   `cross-site` or `same-site` in Sec-Fetch-Site. Otherwise 403. Following a link is allowed: it is only a GET.
 *
 * @param names further names of this port, in lower case, without a port
 */
export function callerFault(request: IncomingMessage, names: ReadonlySet<string>): CallerFault | null {
  const { host = '', origin } = request.headers;
  const name = hostName(host);
  if (name === null || !(isLoopback(name) || names.has(name) || name === localAddress(request))) {
    return {
      status: 421,
      detail:
        'The Host of this request is not a name of the admin port: ask it by a loopback address, or name it in MESH_ADMIN_NAMES.',
    };
  }
  const site = request.headers['sec-fetch-site'];
  const linked = request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate';
  const foreign =
    origin === undefined ? (site === 'cross-site' || site === 'same-site') && !linked : !same(origin, host);
  return foreign ? { status: 403, detail: 'Pages of other origins may not use the admin port.' } : null;
}

/** The name in a Host field in lower case, without port, brackets and trailing dot; null where it is malformed. */
function hostName(host: string): string | null {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^:@/?#[\]\s]+)(?::\d*)?$/i.exec(host) ?? [];
  return name === undefined ? null : name.toLowerCase().replace(/^\[|\]$|\.$/g, '');
}

function localAddress({ socket }: IncomingMessage): string | undefined {
  return socket.localAddress === undefined ? undefined : plainAddress(socket.localAddress);
}

function same(origin: string, host: string): boolean {
  if (!/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return false;
  const { protocol, host: ofOrigin } = new URL(origin);
  // Normalized in the same way: without the port that is the scheme's own.
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === ofOrigin;
}
