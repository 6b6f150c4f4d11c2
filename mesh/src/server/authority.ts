import { MeshError } from '../errors.ts';

/** Clients ask for the same few hosts repeatedly, and a comparison is cheaper than a check. */
let lastHost = '';
let lastAuthority = '';

/**
 * The host (and port) of a request, in lower case and without the trailing dot of a full DNS name. The authority of an
 * absolute-form target overrides Host (RFC 9112 section 3.2.2). Other readers may use Host, so both are checked.
 *
 * @throws MeshError bad_request
 */
export function authorityOf(inTarget: string | null, host: string, required: boolean): string {
  if (inTarget === null && host === lastHost && host !== '') return lastAuthority;
  const authority = inTarget ?? host;
  if (authority === '' && required) throw new MeshError('bad_request', 'A request must have a Host field.');
  if (!isAuthority(authority) || !isAuthority(host)) {
    throw new MeshError('bad_request', 'The Host field is not a host and port.');
  }
  if (inTarget === null) {
    lastHost = host;
    lastAuthority = plainAuthority(host);
    return lastAuthority;
  }
  return plainAuthority(authority);
}

/** `Shop.Example.:80` and `shop.example:80` name the same host (RFC 9110 section 4.2.3, RFC 1034 section 3.1). */
export function plainAuthority(authority: string): string {
  return authority.toLowerCase().replace(/(?<=[^.])\.(?=(?::\d*)?$)/, '');
}

/**
 * Whether `text` is a host by RFC 3986 section 3.2.2 with an optional port. User information is refused, because it
 * does not belong in Host (RFC 9110 section 4.2.4). Percent-encoding is refused, because DNS names do not use it and
 * two readers may decode it differently.
 */
function isAuthority(authority: string): boolean {
  const parts = /^(?:[\w.~!$&'()*+,;=-]*|\[[0-9a-fA-F:.]+\])(?::(\d{0,5}))?$/.exec(authority);
  return parts !== null && Number(parts[1] ?? 0) <= 65_535;
}
