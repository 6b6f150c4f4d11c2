import type { CorsFilter } from '../config/model.ts';
import { type Headers, header, headerValues, removeHeader } from '../headers.ts';

/** A compiled CORS filter (Fetch section 3.2, Gateway API HTTPCORSFilter). */
export interface Cors {
  /** The fields of the reply to a preflight; null if the request is not a preflight. */
  preflight(method: string, headers: readonly string[]): Headers | null;
  /** The fields for a reply to a request with these fields. An origin that is not allowed gets only Vary. */
  replyFields(headers: readonly string[]): Headers;
}

/** Fields that only this filter may set, because a browser refuses two values. */
const replyFieldNames = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
];

export function corsOf(filter: CorsFilter): Cors {
  const { allowCredentials, allowMethods, allowHeaders, exposeHeaders, maxAgeS } = filter;
  const allows = originMatcher(filter.allowOrigins);
  // With credentials a browser reads `*` as a literal name, so the allowed origin is named.
  const anybody = filter.allowOrigins.includes('*') && !allowCredentials;
  const vary: Headers = anybody ? [] : ['vary', 'Origin'];

  const grant = (origin: string): Headers => {
    const fields: Headers = ['access-control-allow-origin', anybody ? '*' : origin];
    if (allowCredentials) fields.push('access-control-allow-credentials', 'true');
    return fields;
  };
  /** A list as sent. With credentials a browser reads `*` as a literal name, so the requested values replace it. */
  const listed = (list: readonly string[], asked: string): string =>
    allowCredentials && list.includes('*') ? asked : list.join(', ');

  return {
    preflight(method, headers) {
      const origin = header(headers, 'origin');
      const askedMethod = header(headers, 'access-control-request-method');
      if (method !== 'OPTIONS' || origin === undefined || askedMethod === undefined) return null;
      const varyAll: Headers = ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'];
      if (!allows(origin)) return varyAll;
      const fields = grant(origin);
      const methods = listed(allowMethods, token(askedMethod));
      if (methods !== '') fields.push('access-control-allow-methods', methods);
      const asked = tokens(headerValues(headers, 'access-control-request-headers').join());
      const names = asked === '' ? '' : listed(allowHeaders, asked);
      if (names !== '') fields.push('access-control-allow-headers', names);
      fields.push('access-control-max-age', String(maxAgeS), ...varyAll);
      return fields;
    },
    replyFields(headers) {
      const origin = header(headers, 'origin');
      if (origin === undefined || !allows(origin)) return vary;
      const fields = grant(origin);
      // Without credentials `*` reveals every field. With credentials the names must be listed.
      const exposed = exposeHeaders.filter((name) => name !== '*' || !allowCredentials).join(', ');
      if (exposed !== '') fields.push('access-control-expose-headers', exposed);
      return [...fields, ...vary];
    },
  };
}

/** Replaces the service's CORS fields with `replyFields`, in place. */
export function applyCors(headers: Headers, fields: Headers): void {
  for (const name of replyFieldNames) removeHeader(headers, name);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (name === 'vary' && headerValues(headers, 'vary').some((there) => names(there, value))) continue;
    headers.push(name, value);
  }
}

function names(list: string, wanted: string): boolean {
  return list.split(',').some((item) => item.trim().toLowerCase() === wanted.toLowerCase() || item.trim() === '*');
}

/**
 * Whether an origin is allowed. `*` alone matches any origin; `https://*` any host of that scheme (at its default
 * port); `https://*.shop.example` any name below it, at any depth. The default port of a scheme may be written or
 * omitted. The rest of an origin is compared as sent, because browsers send lower case (Fetch section 3.2.5).
 */
function originMatcher(patterns: readonly string[]): (origin: string) => boolean {
  const exact = new Set<string>();
  const wild: { before: string; after: string }[] = [];
  for (const written of patterns) {
    if (written === '*') return () => true;
    const pattern = withoutOwnPort(written.toLowerCase());
    const star = pattern.indexOf('*');
    if (star < 0) exact.add(pattern);
    else wild.push({ before: pattern.slice(0, star), after: pattern.slice(star + 1) });
  }
  return (sent) => {
    const origin = withoutOwnPort(sent);
    if (exact.has(origin)) return true;
    return wild.some(({ before, after }) => {
      if (!origin.startsWith(before) || !origin.endsWith(after)) return false;
      const middle = origin.slice(before.length, origin.length - after.length);
      // Only characters of a host name: no port, no path, and no other part of an origin.
      return origin.length > before.length + after.length && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(middle);
    });
  };
}

/** `https://a:443` and `https://a` are one origin (RFC 6454 section 4). */
function withoutOwnPort(origin: string): string {
  if (origin.endsWith(':443') && origin.startsWith('https:')) return origin.slice(0, -4);
  return origin.endsWith(':80') && origin.startsWith('http:') ? origin.slice(0, -3) : origin;
}

function token(text: string): string {
  return /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(text) ? text : '';
}

function tokens(list: string): string {
  return list
    .split(',')
    .map((name) => token(name.trim()))
    .filter((name) => name !== '')
    .slice(0, 64)
    .join(', ');
}
