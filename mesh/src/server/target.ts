import { MeshError } from '../errors.ts';

/** A request target in the one form that the mesh routes on and forwards. */
export interface Target {
  /** Path and query, dot segments resolved. */
  path: string;
  /** From an absolute-form target; it then overrides Host (RFC 9112 section 3.2.2). */
  authority: string | null;
}

const refused = (detail: string) => new MeshError('bad_request', detail);

/**
 * Reads a request target (RFC 9112 section 3.2): origin-form and absolute-form. What is routed on and what is forwarded
 * is the same string, so dot segments are resolved here (RFC 3986 section 5.2.4), and forms that two readers could
 * take differently are refused: control and non-ASCII bytes, backslashes, an encoded NUL, a fragment, dot segments that
 * show only when %2F, %5C or a parameter is undone. Other encodings and empty segments (//) travel as they are.
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
  const suspect = inspect(target);
  if (suspect === 'refused') throw refused('The request target has characters that a path must not have.');
  if (confused.test(target)) throw refused('The request target has dot segments that only some readers would see.');
  return { path: suspect === 'dots' ? withoutDotSegments(target) : target, authority };
}

/**
 * Dots beside an encoded slash or backslash, or with a parameter, in the path: plain names by RFC 3986, and dot
 * segments to whoever decodes the slash, or cuts the parameter off, before resolving them.
 */
const confused = /^[^?]*(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:%2f|%5c|;|%3b)|^[^?]*(?:%2f|%5c)(?:\.|%2e){1,2}(?:\/|\?|$)/i;

type Finding = 'plain' | 'dots' | 'refused';

/** One pass over the characters; nearly every target is plain. */
function inspect(target: string): Finding {
  let finding: Finding = 'plain';
  let inQuery = false;
  for (let i = 0; i < target.length; i += 1) {
    const c = target.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || c === 0x23) return 'refused';
    if (inQuery) continue;
    if (c === 0x3f) inQuery = true;
    else if (c === 0x5c) return 'refused';
    else if (c === 0x25 && target.startsWith('00', i + 1)) return 'refused';
    else if (c === 0x2f && finding === 'plain' && startsWithDot(target, i + 1)) finding = 'dots';
  }
  return finding;
}

function startsWithDot(target: string, at: number): boolean {
  return target.charCodeAt(at) === 0x2e || target.slice(at, at + 3).toLowerCase() === '%2e';
}

function withoutDotSegments(target: string): string {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const dots = segment.replace(/%2e/gi, '.');
    const last = index === segments.length - 1;
    if (dots === '..') kept.pop();
    if (dots === '.' || dots === '..') {
      if (last) kept.push('');
    } else kept.push(segment);
  }
  return `/${kept.join('/')}${query < 0 ? '' : target.slice(query)}`;
}
