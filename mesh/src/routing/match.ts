import type { HttpRouteMatch, PathMatch, ValueMatch } from '../config/model.ts';
import { compilePattern } from '../config/shapes/regex.ts';
import { header, headerValues } from '../headers.ts';

/** The parts of a request that matches look at. */
export interface Matchable {
  /** In lower case. */
  readonly authority: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: readonly string[];
}

/** Whether a request satisfies one match. `pathname` is `request.path` up to the query. */
export type Matcher = (request: Matchable, pathname: string) => boolean;

/** Compiles a match of a document into a function. All its conditions must hold. */
export function matcherOf(match: HttpRouteMatch): Matcher {
  const path = pathMatcher(match.path);
  const rest: Matcher[] = [];
  const { method } = match;
  if (method !== undefined) rest.push((request) => request.method === method);
  for (const condition of match.headers) rest.push(headerMatcher(condition));
  for (const condition of match.queryParams) rest.push(queryMatcher(condition));
  if (rest.length === 0) return (_request, pathname) => path(pathname);
  return (request, pathname) => path(pathname) && rest.every((matches) => matches(request, pathname));
}

function pathMatcher({ type, value }: PathMatch): (pathname: string) => boolean {
  if (type === 'Exact') return (pathname) => pathname === value;
  if (type === 'RegularExpression') {
    const expression = compilePattern(value);
    return (pathname) => expression.test(pathname);
  }
  // Prefixes match whole path elements: /abc matches /abc, /abc/ and /abc/d, but not /abcd.
  const prefix = value.endsWith('/') ? value.slice(0, -1) : value;
  if (prefix === '') return () => true;
  return (pathname) =>
    pathname.startsWith(prefix) && (pathname.length === prefix.length || pathname.charCodeAt(prefix.length) === 0x2f);
}

function headerMatcher({ type, name, value }: ValueMatch): Matcher {
  if (name === 'host') return hostMatcher(type, value);
  const holds = valueMatcher(type, value);
  return ({ headers }) => {
    if (header(headers, name) === undefined) return false;
    // Repeated fields are one list (RFC 9110 section 5.3).
    return holds(headerValues(headers, name).join(','));
  };
}

/** Host is not among the fields, and ignores letter case. A value without a port matches any port. */
function hostMatcher(type: ValueMatch['type'], value: string): Matcher {
  const holds = valueMatcher(type, type === 'Exact' ? value.toLowerCase() : value);
  return ({ authority }) => holds(authority) || holds(hostOf(authority));
}

function queryMatcher({ type, name, value }: ValueMatch): Matcher {
  const holds = valueMatcher(type, value);
  return ({ path }) => {
    const at = path.indexOf('?');
    if (at < 0) return false;
    // The first value of a repeated parameter counts.
    const found = new URLSearchParams(path.slice(at + 1)).get(name);
    return found !== null && holds(found);
  };
}

function valueMatcher(type: ValueMatch['type'], value: string): (candidate: string) => boolean {
  if (type === 'Exact') return (candidate) => candidate === value;
  const expression = compilePattern(value);
  return (candidate) => expression.test(candidate);
}

export function pathnameOf(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

/** The port of an authority; null if it has none. */
export function portOf(authority: string): number | null {
  const digits = /:(\d{1,5})$/.exec(authority)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The host of an authority in lower case, without its port. Brackets stay. */
export function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(':');
  return colon > authority.lastIndexOf(']') && colon >= 0 ? authority.slice(0, colon) : authority;
}
