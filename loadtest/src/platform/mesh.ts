/** Sets the weight of `service` on a route at the mesh's admin API; the others share the rest. @throws on a refusal. */
export async function shift(adminUrl: string, route: string, service: string, weight: number): Promise<void> {
  const response = await fetch(`${adminUrl}/routes/${route}/weights`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ weights: { [service]: weight }, who: 'load test', why: 'a stage of the measurement' }),
  });
  if (!response.ok) throw new Error(`shift ${route} ${service}=${weight}: ${response.status} ${await response.text()}`);
}

/** Cumulative counts by upper bound in seconds, as Prometheus prints a histogram. */
export type Buckets = Map<number, number>;

/**
 * The mesh's own histogram of a service's requests, all of its series added up.
 * @throws Error that says why there is none.
 */
export async function requestBuckets(adminUrl: string, labels: Record<string, string>): Promise<Buckets> {
  const response = await fetch(`${adminUrl}/metrics`);
  if (!response.ok) throw new Error(`${adminUrl}/metrics answers ${response.status}`);
  const family = 'http_server_request_duration_seconds';
  const buckets = bucketsFrom(await response.text(), family, labels);
  if (buckets.size === 0) throw new Error(`${adminUrl}/metrics has no ${family} of ${JSON.stringify(labels)}`);
  return buckets;
}

/** Reads the buckets of one family whose labels include `labels` from Prometheus text. */
export function bucketsFrom(text: string, family: string, labels: Record<string, string>): Buckets {
  const buckets: Buckets = new Map();
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${family}_bucket{`)) continue;
    if (!Object.entries(labels).every(([name, value]) => line.includes(`${name}="${value}"`))) continue;
    const bound = line.match(/le="([^"]+)"/)?.[1];
    const count = Number(line.slice(line.lastIndexOf('}') + 1).trim());
    if (bound === undefined || Number.isNaN(count)) continue;
    const le = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
    buckets.set(le, (buckets.get(le) ?? 0) + count);
  }
  return buckets;
}

/** What was added between two looks. */
export function difference(before: Buckets, after: Buckets): Buckets {
  return new Map([...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]));
}

/** Histograms of several windows, made one. */
export function sum(all: readonly Buckets[]): Buckets {
  const total: Buckets = new Map();
  for (const buckets of all) for (const [le, count] of buckets) total.set(le, (total.get(le) ?? 0) + count);
  return total;
}

/**
 * The bucket that holds a quantile (0 to 1), as its bounds in milliseconds: all that a histogram with buckets can say.
 * Null where it is empty.
 */
export function quantileBounds(buckets: Buckets, quantile: number): { aboveMs: number; upToMs: number } | null {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total === 0) return null;
  let above = 0;
  for (const [bound, count] of sorted) {
    if (count >= quantile * total) return { aboveMs: above * 1000, upToMs: bound * 1000 };
    above = bound;
  }
  return null;
}
