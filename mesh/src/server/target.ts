import { MeshError } from '../errors.ts';
import { normalizedPath } from '../percent-encoding.ts';

/** A request target in the one form that the mesh uses for routing and forwarding. */
export interface Target {
  /** Path and query; the path is in normal form. */
  path: string;
  /** From an absolute-form target; it then overrides Host (RFC 9112 section 3.2.2). */
  authority: string | null;
}

const refused = (detail: string) => new MeshError('bad_request', detail);

/**
 * Reads a request target (RFC 9112 section 3.2) in origin-form or absolute-form. Routing and forwarding use the same
 * string, in normal form: escapes of unreserved characters in the path are decoded (RFC 3986 section 6.2.2), then dot
 * segments are resolved (section 5.2.4). Forms that two readers could understand differently are refused: control and
 * non-ASCII bytes, backslashes, an encoded NUL, a fragment, dot segments that appear only after %2F or %5C is decoded
 * or a parameter is removed, and escapes that result from decoding others. Other escapes, the query and empty segments
 * (//) stay as they are.
 *
 * @throws MeshError bad_request
 */
export function readTarget(raw: string): Target {
  let authority: string | null = null;
  let target = raw;
  if (raw.charCodeAt(0) !== 0x2f) {
    const absolute = /^https?:\/\/([^/?#]+)(.*)$/i.exec(raw);
    if (absolute === null) throw refused('The request target must be a path or an http URL.');
    authority = absolute[1] as string;
    const rest = absolute[2] as string;
    target = rest.startsWith('/') ? rest : `/${rest}`;
  }
  const finding = inspect(target);
  if (finding === 'refused') throw refused('The request target has characters that a path must not have.');
  if (confused.test(target)) throw refused('The request target has dot segments that only some readers would see.');
  return { path: finding === 'plain' ? target : normalized(target), authority };
}

/**
 * Dots beside an encoded slash or backslash, or with a parameter, in the path. By RFC 3986 they are plain names. A
 * reader that decodes the slash, or removes the parameter, before it resolves them sees dot segments.
 */
const confused = /^[^?]*(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:%2f|%5c|;|%3b)|^[^?]*(?:%2f|%5c)(?:\.|%2e){1,2}(?:\/|\?|$)/i;

type Finding = 'plain' | 'not normal' | 'refused';

/** One pass over the characters. Nearly all targets are plain. */
function inspect(target: string): Finding {
  let finding: Finding = 'plain';
  let inQuery = false;
  for (let i = 0; i < target.length; i += 1) {
    const c = target.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || c === 0x23) return 'refused';
    if (inQuery) continue;
    if (c === 0x3f) inQuery = true;
    else if (c === 0x5c) return 'refused';
    else if (c === 0x25) {
      if (target.startsWith('00', i + 1)) return 'refused';
      finding = 'not normal';
    } else if (c === 0x2f && target.charCodeAt(i + 1) === 0x2e) finding = 'not normal';
  }
  return finding;
}

function normalized(target: string): string {
  const query = target.indexOf('?');
  const path = normalizedPath(query < 0 ? target : target.slice(0, query));
  if (path === null) throw refused('The request target has escapes that only some readers would see.');
  return withoutDotSegments(path) + (query < 0 ? '' : target.slice(query));
}

function withoutDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment === '.' || segment === '..') {
      if (last) kept.push('');
    } else kept.push(segment);
  }
  return `/${kept.join('/')}`;
}
