import type { HoldStatus } from '../hold/holds.ts';
import type { SettleStatus } from '../settle/settlers.ts';
import type { ErrorGroup } from '../telemetry/error-groups.ts';
import type { Shadow } from '../telemetry/shadows.ts';
import type { Span } from '../telemetry/trace.ts';

/** Makes the replies of several processes to the same question one. */
export type Merge = (replies: readonly unknown[], query: URLSearchParams) => unknown;

const newestFirst = <T>(limit: number, lists: readonly T[][], at: (item: T) => number): T[] =>
  lists
    .flat()
    .sort((a, b) => at(b) - at(a))
    .slice(0, limit);

/** As the operations of one process read it. */
const limitIn = (query: URLSearchParams, fallback: number) => {
  const limit = Number(query.get('limit') ?? fallback);
  return Number.isInteger(limit) && limit > 0 ? limit : fallback;
};

const traces: Merge = (replies, query) => ({
  traces: newestFirst(
    limitIn(query, 20),
    (replies as { traces: Span[] }[]).map((reply) => reply.traces),
    ({ startedAt }) => startedAt,
  ),
});

/** The requests of one trace, of all processes that they went through. The primary has the spans of the services. */
const oneTrace: Merge = (replies) => ({
  spans: (replies as { spans: unknown[] }[]).flatMap((reply) => reply.spans),
  traces: newestFirst(
    Number.POSITIVE_INFINITY,
    (replies as { traces: Span[] }[]).map((reply) => reply.traces),
    ({ startedAt }) => startedAt,
  ),
});

const shadows: Merge = (replies, query) => ({
  shadows: newestFirst(
    limitIn(query, 50),
    (replies as { shadows: Shadow[] }[]).map((reply) => reply.shadows),
    ({ at }) => Date.parse(at),
  ),
});

const errors: Merge = (replies, query) => {
  const groups = new Map<string, ErrorGroup>();
  let forgotten = 0;
  for (const reply of replies as { groups: ErrorGroup[]; forgotten: number }[]) {
    forgotten += reply.forgotten;
    for (const group of reply.groups) {
      const key = [group.what, group.route, group.service, group.endpoint, group.why].join('\n');
      const known = groups.get(key);
      if (known === undefined) groups.set(key, { ...group });
      else groups.set(key, sameGroup(known, group));
    }
  }
  const all = newestFirst(limitIn(query, 50), [[...groups.values()]], ({ last }) => Date.parse(last));
  return { groups: all, forgotten };
};

function sameGroup(a: ErrorGroup, b: ErrorGroup): ErrorGroup {
  const later = Date.parse(a.last) >= Date.parse(b.last) ? a : b;
  return {
    ...later,
    count: a.count + b.count,
    seenByCallers: a.seenByCallers + b.seenByCallers,
    first: a.first < b.first ? a.first : b.first,
  };
}

interface EndpointShown {
  endpoint: string;
  inFlight: number;
  connections: Record<string, number>;
  breaker: { state: string };
}

interface ServiceShown {
  service: string;
  port: number;
  inFlight: number;
  queued: number;
  endpoints: EndpointShown[];
}

/** The primary's endpoints and their health, with what all workers have under way, and the worst of their breakers. */
const endpoints: Merge = (replies) => {
  const [own, ...others] = replies as { services: ServiceShown[] }[];
  return {
    services: (own?.services ?? []).map((service) => {
      const same = others.flatMap(({ services }) =>
        services.filter((other) => other.service === service.service && other.port === service.port),
      );
      return {
        ...service,
        inFlight: sum(same.map(({ inFlight }) => inFlight)),
        queued: sum(same.map(({ queued }) => queued)),
        endpoints: service.endpoints.map((endpoint) => {
          const there = same.flatMap((other) =>
            other.endpoints.filter((known) => known.endpoint === endpoint.endpoint),
          );
          return {
            ...endpoint,
            inFlight: sum(there.map(({ inFlight }) => inFlight)),
            connections: Object.fromEntries(
              Object.keys(endpoint.connections).map((name) => [
                name,
                sum(there.map(({ connections }) => connections[name] ?? 0)),
              ]),
            ),
            breaker: there.find(({ breaker }) => breaker.state !== 'admitting')?.breaker ?? endpoint.breaker,
          };
        }),
      };
    }),
  };
};

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Settled where every process says so. */
const settles: Merge = (replies) => {
  const merged = new Map<string, SettleStatus>();
  for (const { settles: list } of replies as { settles: SettleStatus[] }[]) {
    for (const status of list) {
      const { settled = true, failing = null } = merged.get(status.key) ?? {};
      merged.set(status.key, {
        ...status,
        settled: settled && status.settled,
        failing: failing ?? status.failing,
      });
    }
  }
  return { settles: [...merged.values()] };
};

/** What all processes have in flight and waiting. Held, as long as one of them holds. */
export function mergedHold(replies: readonly HoldStatus[]): HoldStatus {
  return {
    ...(replies[0] as HoldStatus),
    held: replies.some(({ held }) => held),
    endsInMs: Math.max(...replies.map(({ endsInMs }) => endsInMs)),
    waiting: sum(replies.map(({ waiting }) => waiting)),
    passed: sum(replies.map(({ passed }) => passed)),
    inFlight: sum(replies.map(({ inFlight }) => inFlight)),
    inFlightBefore: sum(replies.map(({ inFlightBefore }) => inFlightBefore)),
  };
}

/** By path, the read operations to which every worker has a reply of its own. The first reply is the primary's. */
export const merges: Readonly<Record<string, Merge>> = {
  '/traces': traces,
  '/traces/:id': oneTrace,
  '/shadows': shadows,
  '/errors': errors,
  '/endpoints': endpoints,
  '/settles': settles,
};
