/** The fields of a finished request that a filter uses. */
export interface Seen {
  /** Name of the HTTPRoute; null without a match. */
  route: string | null;
  service: string | null;
  endpoint: string | null;
  method: string;
  /** Without the query. */
  path: string;
  status: number;
  durationMs: number;
  /** The request got no whole reply, or the reply is a 5xx. */
  failed: boolean;
}

export type RequestFilter = (seen: Seen) => boolean;

/** The query parameters of a filter, for the list of operations. */
export const filterUsage =
  'route= service= endpoint= method= status=503|5xx path=/prefix minMs= failed=true, all of them together';

type Condition = (value: string) => RequestFilter | null;

const conditions: Readonly<Record<string, { rule: string; condition: Condition }>> = {
  route: { rule: 'the name of an HTTPRoute', condition: (value) => (seen) => seen.route === value },
  service: { rule: 'the name of a Service', condition: (value) => (seen) => seen.service === value },
  endpoint: { rule: 'host:port', condition: (value) => (seen) => seen.endpoint === value },
  method: {
    rule: 'an HTTP method',
    condition: (value) => {
      const method = value.toUpperCase();
      return (seen) => seen.method === method;
    },
  },
  path: {
    rule: 'a path that begins with /',
    condition: (value) => (value.startsWith('/') ? (seen) => seen.path.startsWith(value) : null),
  },
  status: {
    rule: 'a status, or a class as in 5xx',
    condition: (value) => {
      const digit = /^([1-5])xx$/i.exec(value)?.[1];
      if (digit !== undefined) return (seen) => Math.floor(seen.status / 100) === Number(digit);
      return /^[1-5]\d\d$/.test(value) ? (seen) => seen.status === Number(value) : null;
    },
  },
  minMs: {
    rule: 'milliseconds, 0 or more',
    condition: (value) => {
      const least = Number(value);
      return /^\d+(\.\d+)?$/.test(value) ? (seen) => seen.durationMs >= least : null;
    },
  },
  failed: {
    rule: 'true or false',
    condition: (value) => (value === 'true' || value === 'false' ? (seen) => seen.failed === (value === 'true') : null),
  },
};

/**
 * The filter that query parameters describe: all conditions must hold. `also` names parameters with another meaning
 * there. Reports all faults together. An unknown parameter is a fault, because a filter that is not understood must not
 * let all requests pass.
 */
export function readFilter(
  query: URLSearchParams,
  also: readonly string[] = [],
): { filter: RequestFilter; faults: string[] } {
  const faults: string[] = [];
  const all: RequestFilter[] = [];
  for (const [name, value] of query) {
    if (also.includes(name) || value === '') continue;
    const known = Object.hasOwn(conditions, name) ? conditions[name] : undefined;
    const filter = known?.condition(value);
    if (filter !== undefined && filter !== null) all.push(filter);
    else if (known !== undefined) faults.push(`${name} must be ${known.rule}`);
    else
      faults.push(`there is no ${name.slice(0, 50)}: it is one of ${[...Object.keys(conditions), ...also].join(', ')}`);
  }
  return { filter: (seen) => all.every((holds) => holds(seen)), faults };
}
