import type { HttpRouteMatch } from '../config/model.ts';

/** What decides between two matches of one request. */
export interface Candidate {
  /** The hostname by which the route takes part: empty for any host. */
  hostname: string;
  match: HttpRouteMatch;
  /** RFC 3339, or absent. */
  createdAt: string | undefined;
  route: string;
  ruleIndex: number;
  matchIndex: number;
}

/**
 * The Gateway API's order, the more specific first: hostname (exact, then the longest wildcard, then none); path
 * (exact, regular expression, then the longest prefix); a method; more header conditions; more query conditions; then the
 * older route, the route first by name, the rule and match first in the document.
 */
export function byPrecedence(a: Candidate, b: Candidate): number {
  return (
    hostnameRank(b.hostname) - hostnameRank(a.hostname) ||
    pathKindRank(b.match) - pathKindRank(a.match) ||
    b.match.path.value.length - a.match.path.value.length ||
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    b.match.headers.length - a.match.headers.length ||
    b.match.queryParams.length - a.match.queryParams.length ||
    compare(a.createdAt ?? '9999', b.createdAt ?? '9999') ||
    compare(a.route, b.route) ||
    a.ruleIndex - b.ruleIndex ||
    a.matchIndex - b.matchIndex
  );
}

function hostnameRank(hostname: string): number {
  if (hostname === '') return 0;
  return hostname.startsWith('*.') ? hostname.length : 1000 + hostname.length;
}

function pathKindRank({ path }: HttpRouteMatch): number {
  if (path.type === 'Exact') return 2;
  return path.type === 'RegularExpression' ? 1 : 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
