import type { HttpRoute, HttpRouteMatch, HttpRouteRule, PathMatch } from '../config/model.ts';
import { byText } from '../config/order.ts';
import { byHostname } from '../config/shapes/hostnames.ts';

/** A host name and a match that lead to a rule. */
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
 * All entries to the rules of `routes`, in order of precedence: the first match wins. The order is that of Gateway API
 * (HTTPRouteRule): host name, path, method, number of headers, number of query parameters, age of the route, its name,
 * then the order in the route. The standard leaves regular expressions open. Here they stand between exact paths and
 * prefixes, the longer expression first.
 *
 * @param hostnamesOf the host names of a route: see `effectiveHostnames`
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

/** Why `first` precedes `second`: the deciding criterion. */
export function whyBefore(first: Candidate, second: Candidate): string {
  return criteria.find(({ compare }) => compare(first, second) !== 0)?.because ?? 'they are the same';
}

function byPrecedence(a: Candidate, b: Candidate): number {
  for (const { compare } of criteria) {
    const order = compare(a, b);
    if (order !== 0) return order;
  }
  return 0;
}

const pathRank: Readonly<Record<PathMatch['type'], number>> = { Exact: 0, RegularExpression: 1, PathPrefix: 2 };

/** Older first. A route without a time comes last. */
function byAge(a: HttpRoute, b: HttpRoute): number {
  const born = ({ createdAt }: HttpRoute) => (createdAt === undefined ? Number.MAX_VALUE : Date.parse(createdAt));
  return born(a) - born(b);
}

/** The criteria, the weightiest first. */
const criteria: readonly { because: string; compare: (a: Candidate, b: Candidate) => number }[] = [
  { because: 'its host name is more specific', compare: (a, b) => byHostname(a.hostname, b.hostname) },
  {
    because: 'exact paths come before expressions, and those before prefixes',
    compare: (a, b) => pathRank[a.match.path.type] - pathRank[b.match.path.type],
  },
  { because: 'its path is longer', compare: (a, b) => b.match.path.value.length - a.match.path.value.length },
  {
    because: 'it names a method',
    compare: (a, b) => Number(a.match.method === undefined) - Number(b.match.method === undefined),
  },
  { because: 'it has more header conditions', compare: (a, b) => b.match.headers.length - a.match.headers.length },
  {
    because: 'it has more query conditions',
    compare: (a, b) => b.match.queryParams.length - a.match.queryParams.length,
  },
  { because: 'its route is older', compare: (a, b) => byAge(a.route, b.route) },
  { because: 'its route comes first by name', compare: (a, b) => byText(a.route.name, b.route.name) },
  { because: 'it stands first in the route', compare: (a, b) => a.ruleIndex - b.ruleIndex },
  { because: 'it stands first in the rule', compare: (a, b) => a.matchIndex - b.matchIndex },
];
