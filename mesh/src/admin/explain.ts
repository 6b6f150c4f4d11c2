import { ControlError } from '../control/control-error.ts';
import type { Mesh } from '../control/mesh.ts';
import { asMeshError } from '../errors.ts';
import type { Entrance } from '../exchange.ts';
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
    match: unknown;
    timeouts: unknown;
    /** What happens to such a request besides: filters, sessions, mirrors, overrides. */
    notes: string[];
    backends: { service: string; weight: number; percent: number; endpoints: string[] }[];
  } | null;
  why: string;
}

/** Answers for a request described by query parameters: method, host, path, entrance, client (its address), header (repeated, `name:value`). */
export function explainRequest(mesh: Mesh, query: URLSearchParams): Explanation {
  const gateways = mesh.config.gateways.map(({ name }) => name);
  const name = query.get('entrance') ?? gateways[0] ?? 'internal';
  if (name !== 'internal' && !gateways.includes(name)) {
    throw new ControlError('invalid', [
      `there is no entrance "${name}": it is one of ${[...gateways, 'internal'].join(', ')}`,
    ]);
  }
  const entrance: Entrance = { name, side: name === 'internal' ? 'east-west' : 'north-south' };
  const method = (query.get('method') ?? 'GET').toUpperCase();
  const host = (query.get('host') ?? 'localhost').toLowerCase();
  const path = pathOf(query.get('path') ?? '/');
  const headers = query.getAll('header').flatMap((field) => {
    const colon = field.indexOf(':');
    return colon < 1 ? [] : [field.slice(0, colon).trim().toLowerCase(), field.slice(colon + 1).trim()];
  });
  const found = mesh.routes.find(entrance, { method, path, headers, authority: host });
  const request = { method, host, path };
  if (found === null) {
    const why =
      entrance.side === 'east-west'
        ? `no service is named "${host}", and no route of a service matches`
        : `no HTTPRoute with the Gateway "${name}" as parent matches`;
    return { entrance: name, request, route: null, why: `${why}: 404` };
  }
  const { rule, match } = found;
  return {
    entrance: name,
    request,
    route: {
      name: rule.route,
      rule: rule.index,
      match,
      timeouts: rule.spec.timeouts,
      notes: notesOn(found, { entrance, path, headers, authority: host, client: query.get('client') }, mesh.routes),
      backends: rule.backends.map(({ service, weight }) => ({
        service: service.name,
        weight,
        percent: rule.weightSum === 0 ? 0 : (weight / rule.weightSum) * 100,
        endpoints: service.endpoints.map(({ id }) => id),
      })),
    },
    why: `of all routes that match, "${rule.route}" is the most specific: ${match.path.type} ${match.path.value}${match.method === undefined ? '' : `, method ${match.method}`}, ${match.headers.length} header and ${match.queryParams.length} query conditions`,
  };
}

function pathOf(raw: string): string {
  try {
    return readTarget(raw).path;
  } catch (thrown) {
    throw new ControlError('invalid', [asMeshError(thrown).detail]);
  }
}
