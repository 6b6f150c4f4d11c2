/**
 * Header fields as one flat list: name, value, name, value … in the order received, values as latin1 strings, so that
 * forwarded fields are byte for byte the received ones. Names are lower case: the server and the upstream ensure that.
 */
export type Headers = string[];

/** The first value of `name` (lower case), or undefined. */
export function header(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/** Every value of `name` (lower case), in order. */
export function headerValues(headers: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) values.push(headers[i + 1] as string);
  return values;
}

/** Replaces every value of `name` by one. In place. */
export function setHeader(headers: Headers, name: string, value: string): void {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== name) continue;
    headers[i + 1] = value;
    removeFrom(headers, name, i + 2);
    return;
  }
  headers.push(name, value);
}

/** Drops every value of `name`. In place. */
export function removeHeader(headers: Headers, name: string): void {
  removeFrom(headers, name, 0);
}

function removeFrom(headers: Headers, name: string, start: number): void {
  let kept = start;
  for (let i = start; i < headers.length; i += 2) {
    if (headers[i] === name) continue;
    if (kept !== i) {
      headers[kept] = headers[i] as string;
      headers[kept + 1] = headers[i + 1] as string;
    }
    kept += 2;
  }
  headers.length = kept;
}

/** Fields about one connection that never travel on (RFC 9110 section 7.6.1, and Proxy-* of sections 11.7). */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  // Node refuses a Trailer field on a reply that turns out not to be chunked; trailers travel without it.
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/**
 * Never dropped, even if a Connection field lists them: a client that lists them tries to make the mesh drop the host,
 * the credentials or the framing of its request.
 */
const endToEnd = new Set([
  'host',
  'content-length',
  'content-type',
  'authorization',
  'cookie',
  'cache-control',
  'date',
]);

/** A new list without hop-by-hop fields and those that a Connection field names. `drop` names further ones. */
export function withoutHopByHop(headers: readonly string[], drop?: ReadonlySet<string>): Headers {
  let listed: Set<string> | null = null;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'connection') continue;
    const value = headers[i + 1] as string;
    // The two most common values by far name no field.
    if (value === 'keep-alive' || value === 'close') continue;
    listed ??= new Set();
    for (const token of value.toLowerCase().split(',')) listed.add(token.trim());
  }
  const kept: Headers = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (hopByHop.has(name)) continue;
    if (listed?.has(name) && !endToEnd.has(name)) continue;
    if (drop?.has(name)) continue;
    kept.push(name, headers[i + 1] as string);
  }
  return kept;
}
