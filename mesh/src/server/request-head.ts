import type { IncomingMessage } from 'node:http';
import { MeshError } from '../errors.ts';
import { type Headers, withoutHopByHop } from '../headers.ts';
import { readTarget } from './target.ts';

/** How the content of a message is delimited. */
export type Framing = { kind: 'none' } | { kind: 'length'; bytes: number } | { kind: 'chunked' };

/** The head of a request, checked. */
export interface RequestHead {
  path: string;
  authority: string;
  headers: Headers;
  framing: Framing;
}

/** Header fields of one request at most. */
export const headerCountMax = 100;

/** Not handed on as fields: they are written anew for the upstream from `authority` and the body. */
const rewritten: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

/**
 * Checks what Node's parser leaves open, and translates a request's head. Node has refused by then: bare LF, obs-fold,
 * whitespace before the colon, Content-Length beside Transfer-Encoding, repeated or malformed Content-Length.
 *
 * @throws MeshError bad_request, headers_too_large, not_implemented
 */
export function readHead(request: IncomingMessage): RequestHead {
  const raw = request.rawHeaders;
  // Node reads HTTP/0.9 and a textual HTTP/2.0 as well.
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') {
    throw new MeshError('bad_request', 'The request is not HTTP/1.1.');
  }
  if (raw.length > headerCountMax * 2) {
    throw new MeshError('headers_too_large', `A request may have ${headerCountMax} header fields at most.`);
  }
  const headers: Headers = new Array(raw.length);
  let hosts = 0;
  let host = '';
  let framing: Framing | null = null;
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    headers[i] = name;
    headers[i + 1] = value;
    if (name === 'host') {
      hosts += 1;
      host = value;
    } else if (name === 'content-length') {
      if (framing !== null) throw ambiguous();
      framing = contentLength(value);
    } else if (name === 'transfer-encoding') {
      if (framing !== null) throw ambiguous();
      if (request.httpVersion !== '1.1') throw ambiguous();
      const codings = value.trim().toLowerCase();
      // Without chunked at the end nothing says where the body ends (RFC 9112 section 6.3).
      if (!/(?:^|[,\s])chunked$/.test(codings)) throw ambiguous();
      // Other codings would reach the upstream undone and undeclared.
      if (codings !== 'chunked') {
        throw new MeshError('not_implemented', 'The only transfer coding understood here is chunked.');
      }
      framing = { kind: 'chunked' };
    }
  }
  if (hosts === 0 && request.httpVersion === '1.1') {
    throw new MeshError('bad_request', 'A request must have a Host field.');
  }
  if (hosts > 1) throw new MeshError('bad_request', 'A request must have one Host field.');
  const target = readTarget(request.url ?? '/');
  const authority = target.authority ?? host;
  if (authority === '' && request.httpVersion === '1.1') {
    throw new MeshError('bad_request', 'A request must have a Host field.');
  }
  // Another reader may go by Host where the target names another (RFC 9112 section 3.2.2), so both are checked.
  if (!isAuthority(authority) || !isAuthority(host))
    throw new MeshError('bad_request', 'The Host field is not a host and port.');
  return {
    path: target.path,
    authority: authority.toLowerCase(),
    headers: withoutHopByHop(headers, rewritten),
    framing: framing ?? { kind: 'none' },
  };
}

function ambiguous(): MeshError {
  return new MeshError('bad_request', 'The length of the request body is ambiguous.');
}

function contentLength(value: string): Framing {
  if (!/^\d{1,15}$/.test(value)) throw ambiguous();
  const bytes = Number(value);
  return bytes === 0 ? { kind: 'none' } : { kind: 'length', bytes };
}

/**
 * RFC 3986 host with an optional port. Neither user information, which has no place in Host (RFC 9110 section 4.2.4),
 * nor the characters that no host name has and that a list or an encoding of several would be made of.
 */
function isAuthority(authority: string): boolean {
  const parts = /^(?:[\w.~-]*|\[[0-9a-fA-F:.]+\])(?::(\d{0,5}))?$/.exec(authority);
  return parts !== null && Number(parts[1] ?? 0) <= 65_535;
}
