import type { HttpRouteMatch } from '../config/model.ts';
import { ControlError } from '../control/control-error.ts';
import type { StackInForce } from '../control/stack-in-force.ts';
import { asMeshError } from '../errors.ts';
import type { Entrance } from '../exchange.ts';
import { whyBefore } from '../routing/precedence.ts';
import { plainAuthority } from '../server/authority.ts';
import { readTarget } from '../server/target.ts';
import { notesOn } from './explain-notes.ts';

/** Where a request would go, and why. */
export interface Explanation {
  entrance: string;
  request: { method: string; host: string; path: string };
  /** Null where no route leads there. */
  route: {
    name: string;
    rule: number;
    /** As the document names it. */
    ruleName: string | null;
    match: unknown;
    timeouts: unknown;
    /** What filters, sessions, mirrors and overrides do to such a request. */
    notes: string[];
    backends: { service: string; weight: number; percent: number; endpoints: string[] }[];
  } | null;
  /** The other rules that match, in the order of precedence, and why `route` comes before each. */
  others: { route: string; rule: number; matches: string; because: string }[];
  why: string;
}

/**
 * Explains where a request would go. Query parameters describe the request: method, host, path, entrance, client (its
 * address), header (repeated, `name:value`).
 *
 * @throws ControlError invalid
 */
export function explainRequest(inForce: StackInForce, query: URLSearchParams): Explanation {
  const entrance = entranceOf(inForce, query.get('entrance'));
  const method = (query.get('method') ?? 'GET').toUpperCase();
  const host = plainAuthority(query.get('host') ?? 'localhost');
  const path = pathOf(query.get('path') ?? '/');
  const headers = query.getAll('header').flatMap((field) => {
    const colon = field.indexOf(':');
    return colon < 1 ? [] : [field.slice(0, colon).trim().toLowerCase(), field.slice(colon + 1).trim()];
  });
  const [found, ...others] = inForce.routes.findAll(entrance, { method, path, headers, authority: host });
  const request = { method, host, path };
  if (found === undefined) {
    const why =
      entrance.side === 'east-west'
        ? `no service is named "${host}", and no route of a service matches`
        : `no HTTPRoute with the Gateway "${entrance.name}" as parent matches`;
    return { entrance: entrance.name, request, route: null, others: [], why: `${why}: 404` };
  }
  const { rule, match, candidate } = found;
  const asked = { entrance, method, path, headers, authority: host, client: query.get('client') };
  return {
    entrance: entrance.name,
    request,
    route: {
      name: rule.route,
      rule: rule.index,
      ruleName: rule.spec.name ?? null,
      match,
      timeouts: rule.spec.timeouts,
      notes: notesOn(found, asked, inForce.routes),
      backends: rule.backends.map(({ service, weight }) => ({
        service: service.name,
        weight,
        percent: rule.weightSum === 0 ? 0 : (weight / rule.weightSum) * 100,
        endpoints: service.endpoints.map(({ id }) => id),
      })),
    },
    others: others.map((other) => ({
      route: other.rule.route,
      rule: other.rule.index,
      matches: termsOf(other.match, other.candidate.hostname),
      because: whyBefore(candidate, other.candidate),
    })),
    why: `${others.length === 0 ? 'nothing else matches' : `the first of ${others.length + 1} that match`}: ${termsOf(match, candidate.hostname)}`,
  };
}

/** The conditions of a match as text. */
function termsOf({ path, method, headers, queryParams }: HttpRouteMatch, hostname: string | null): string {
  const named = (what: string, conditions: readonly { name: string }[]) =>
    conditions.length === 0 ? [] : [`${what} ${conditions.map(({ name }) => name).join(', ')}`];
  return [
    `${path.type} ${path.value}`,
    ...(hostname === null ? [] : [`host ${hostname}`]),
    ...(method === undefined ? [] : [`method ${method}`]),
    ...named('header', headers),
    ...named('query', queryParams),
  ].join('; ');
}

/** `internal`, a Gateway (at the first of its ports), or `gateway:port`. */
function entranceOf({ config: { gateways } }: StackInForce, asked: string | null): Entrance {
  const entrances = gateways.flatMap(({ name, listeners }) =>
    [...new Set(listeners.map(({ port }) => port))].map((port): Entrance => ({ name, side: 'north-south', port })),
  );
  const internal: Entrance = { name: 'internal', side: 'east-west', port: 0 };
  const found =
    asked === null
      ? (entrances[0] ?? internal)
      : [...entrances, internal].find(({ name, port }) => asked === name || asked === `${name}:${port}`);
  if (found !== undefined) return found;
  const names = new Set([...gateways.map(({ name }) => name), 'internal']);
  throw new ControlError('invalid', [`there is no entrance "${asked}": it is one of ${[...names].join(', ')}`]);
}

function pathOf(raw: string): string {
  try {
    return readTarget(raw).path;
  } catch (thrown) {
    throw new ControlError('invalid', [asMeshError(thrown).detail]);
  }
}
