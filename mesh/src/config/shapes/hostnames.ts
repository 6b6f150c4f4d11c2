/**
 * Whether `host` (lower case, no port) matches `pattern` (a host name, maybe with `*.` before it). `*.a` matches `x.a`
 * and `x.y.a`, but not `a`.
 */
export function hostMatches(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  return host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}

/**
 * The host names that a route takes at a listener: the intersection of both (Gateway API, HTTPRouteSpec.hostnames).
 * `[null]` = any host; `[]` = none, the route is not attached to that listener.
 */
export function effectiveHostnames(listener: string | undefined, route: readonly string[]): (string | null)[] {
  if (route.length === 0) return [listener ?? null];
  if (listener === undefined) return [...route];
  const both = new Set<string>();
  for (const hostname of route) {
    if (hostname === listener || covers(listener, hostname)) both.add(hostname);
    else if (covers(hostname, listener)) both.add(listener);
  }
  return [...both];
}

/** Whether every host that matches `narrow` also matches `wide`, a wildcard. */
function covers(wide: string, narrow: string): boolean {
  return wide.startsWith('*.') && narrow.length >= wide.length && narrow.endsWith(wide.slice(1));
}

/** Sorts the more specific host name first: exact before wildcard, longer before shorter, any host last. */
export function byHostname(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  const wildcard = Number(a.startsWith('*.')) - Number(b.startsWith('*.'));
  if (wildcard !== 0) return wildcard;
  return b.length - a.length || (a < b ? -1 : 1);
}
