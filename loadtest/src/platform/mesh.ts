/** Weights of a route by service. */
export type Weights = Readonly<Record<string, number>>;

/** The token that the admin port requires, where MESH_ADMIN_TOKEN has one. */
function authorization(): Record<string, string> {
  const token = process.env.MESH_ADMIN_TOKEN;
  return token ? { authorization: `Bearer ${token}` } : {};
}

/**
 * Sets weights of a route at the mesh's admin API; services that are not named share the rest. @throws on a refusal.
 */
export async function setWeights(adminUrl: string, route: string, weights: Weights, why: string): Promise<void> {
  const response = await fetch(`${adminUrl}/routes/${route}/weights`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization() },
    body: JSON.stringify({ weights, who: 'load test', why }),
  });
  const shown = JSON.stringify(weights);
  if (!response.ok) throw new Error(`shift ${route} ${shown}: ${response.status} ${await response.text()}`);
}

/** The weights of a route as they are now. @throws on a refusal. */
export async function weightsOf(adminUrl: string, route: string): Promise<Weights> {
  const response = await fetch(`${adminUrl}/routes/${route}`, { headers: authorization() });
  if (!response.ok) throw new Error(`${adminUrl}/routes/${route}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { weights: Weights }).weights;
}

/** Cumulative counts by upper bound in seconds, as Prometheus prints a histogram. */
export type Buckets = Map<number, number>;

/**
 * The mesh's own histogram of a service's requests, all of its series added up.
 * @throws Error that says why there is none.
 */
export async function requestBuckets(adminUrl: string, labels: Record<string, string>): Promise<Buckets> {
  const response = await fetch(`${adminUrl}/metrics`, { headers: authorization() });
  if (!response.ok) throw new Error(`${adminUrl}/metrics replied ${response.status}`);
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

/** What was added between two scrapes. */
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
 * Null where it is empty, and where the quantile is in the first or the last bucket: those have only one bound.
 */
export function quantileBounds(buckets: Buckets, quantile: number): { aboveMs: number; upToMs: number } | null {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total === 0) return null;
  let above = 0;
  for (const [bound, count] of sorted) {
    if (count >= quantile * total) {
      if (above === 0 || bound === Number.POSITIVE_INFINITY) return null;
      return { aboveMs: above * 1000, upToMs: bound * 1000 };
    }
    above = bound;
  }
  return null;
}
