import { isIP, SocketAddress } from 'node:net';
import { type Headers, header, headerValues } from '../headers.ts';

/** The client of a request, as far as trusted peers can tell. */
export interface Client {
  /** IP address, in the form of `plainAddress`. */
  address: string;
  scheme: Scheme;
}

export type Scheme = 'http' | 'https';

/**
 * The client behind `peer`, a trusted proxy, by the fields that the proxy has set. Each field is read by itself: for an
 * absent or unreadable field, the connection counts.
 *
 * The address is the right-most one of X-Forwarded-For that is no trusted peer's, because each proxy appends the
 * address that it has seen. The addresses further left are only the claims of that client. An element that is no
 * address (`unknown`) ends the search: nothing vouches for the elements before it. If all are trusted, the left-most
 * one is the client.
 *
 * @param peer address of the TCP peer
 */
export function clientBehind(peer: string, headers: Headers, trusts: (address: string) => boolean): Client {
  let address = peer;
  const elements = headerValues(headers, 'x-forwarded-for').join(',').split(',');
  for (let i = elements.length - 1; i >= 0; i -= 1) {
    const element = (elements[i] as string).trim();
    if (element === '') continue;
    const next = addressIn(element);
    if (next === null) break;
    address = next;
    if (!trusts(next)) break;
  }
  return { address, scheme: schemeIn(headers) };
}

/**
 * The scheme of X-Forwarded-Proto, in any case: of a list the first, which the outermost proxy has set; `wss` is https.
 * Everything else is http, like the connection to the mesh.
 */
export function schemeIn(headers: readonly string[]): Scheme {
  const value = header(headers, 'x-forwarded-proto');
  if (value === undefined || value === 'http') return 'http';
  return /^\s*(?:https|wss)\s*(?:,|$)/i.test(value) ? 'https' : 'http';
}

/**
 * An element of X-Forwarded-For as a plain address, without the port and the brackets of IPv6. Null if it is no
 * address.
 */
function addressIn(element: string): string | null {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(element) ?? [];
  const address = bracketed ?? dotted ?? element;
  return isIP(address) === 0 ? null : plainAddress(address);
}

/**
 * An IP address in the one form that the mesh compares and logs: IPv6 by RFC 5952, without a zone; IPv4 in IPv6 is
 * IPv4.
 */
export function plainAddress(address: string): string {
  if (!address.includes(':')) return address;
  const zone = address.indexOf('%');
  const known = zone < 0 ? address : address.slice(0, zone);
  const canonical = new SocketAddress({ address: known, family: 'ipv6' }).address;
  return canonical.startsWith('::ffff:') && canonical.includes('.') ? canonical.slice('::ffff:'.length) : canonical;
}
