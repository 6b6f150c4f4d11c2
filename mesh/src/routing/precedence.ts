import { byHostname } from '../config/hostnames.ts';
import type { HttpRoute, HttpRouteMatch, HttpRouteRule, PathMatch } from '../config/model.ts';
import { byText } from '../config/order.ts';

/** One way into a rule: a host name and a match. */
export interface Candidate {
  /** Null = any host. */
  hostname: string | null;
  match: HttpRouteMatch;
  route: HttpRoute;
  rule: HttpRouteRule;
  ruleIndex: number;
  matchIndex: number;
}

/**
 * All ways into the rules of `routes`, in the order in which they are tried: the first that matches wins. The order is
 * that of Gateway API (HTTPRouteRule): host name, path, method, number of headers, number of query parameters, age of
 * the route, its name, then the order in the route. Where the standard leaves regular expressions open, they stand
 * between exact paths and prefixes, the longer expression first.
 *
 * @param hostnamesOf the host names that a route takes where it is asked for: see `effectiveHostnames`
 */
export function inPrecedence(
  routes: readonly HttpRoute[],
  hostnamesOf: (route: HttpRoute) => readonly (string | null)[],
): Candidate[] {
  const candidates: Candidate[] = [];
  for (const route of routes) {
    for (const hostname of hostnamesOf(route)) {
      for (const [ruleIndex, rule] of route.rules.entries()) {
        for (const [matchIndex, match] of rule.matches.entries()) {
          candidates.push({ hostname, match, route, rule, ruleIndex, matchIndex });
        }
      }
    }
  }
  return candidates.sort(byPrecedence);
}

function byPrecedence(a: Candidate, b: Candidate): number {
  return (
    byHostname(a.hostname, b.hostname) ||
    pathRank[a.match.path.type] - pathRank[b.match.path.type] ||
    b.match.path.value.length - a.match.path.value.length ||
    Number(a.match.method === undefined) - Number(b.match.method === undefined) ||
    b.match.headers.length - a.match.headers.length ||
    b.match.queryParams.length - a.match.queryParams.length ||
    byAge(a.route, b.route) ||
    byText(a.route.name, b.route.name) ||
    a.ruleIndex - b.ruleIndex ||
    a.matchIndex - b.matchIndex
  );
}

const pathRank: Readonly<Record<PathMatch['type'], number>> = { Exact: 0, RegularExpression: 1, PathPrefix: 2 };

/** Older first; a route without a time is younger than any with one. */
function byAge(a: HttpRoute, b: HttpRoute): number {
  const born = ({ createdAt }: HttpRoute) => (createdAt === undefined ? Number.MAX_VALUE : Date.parse(createdAt));
  return born(a) - born(b);
}
