import type { Metrics } from './metrics.ts';
import { type Latencies, latenciesOf } from './recent.ts';

/** The golden signals of the last 30 to 60 s. */
export interface Signals extends Latencies {
  requestsPerSecond: number;
  /**
   * 0 to 1; null without requests. A 5xx, no reply or a truncated reply is a failure. Abandoned requests count as
   * neither.
   */
  successRate: number | null;
}

/** The reply to `GET /stats`. */
export interface Stats {
  recentMs: number;
  /** Effective: what callers saw, after retries. */
  routes: ({ route: string; service: string } & Signals)[];
  /** Effective beside actual: how the attempts went, before retries. */
  services: { service: string; effective: Signals; actual: Signals }[];
  endpoints: ({ service: string; endpoint: string } & Signals)[];
}

/** @param nowMs monotonic */
export function statsOf(metrics: Metrics, nowMs: number): Stats {
  const recentMs = metrics.recentMs(nowMs);
  const effective = signalsIn(metrics, 'http_server_requests_total', 'http_server_request_duration_seconds', recentMs);
  const actual = signalsIn(metrics, 'http_client_requests_total', 'http_client_request_duration_seconds', recentMs);
  const services = new Set([...effective.values('service'), ...actual.values('service')]);
  services.delete('none');
  return {
    recentMs: Math.round(recentMs),
    routes: effective.groups(['route', 'service']).map(({ labels: [route = '', service = ''], signals }) => ({
      route,
      service,
      ...signals,
    })),
    services: [...services].sort().map((service) => ({
      service,
      effective: effective.of({ service }),
      actual: actual.of({ service }),
    })),
    endpoints: actual.groups(['service', 'endpoint']).map(({ labels: [service = '', endpoint = ''], signals }) => ({
      service,
      endpoint,
      ...signals,
    })),
  };
}

type Labels = Record<string, string>;

/** The signals of a family of counters and its durations, by any of their labels. */
function signalsIn(metrics: Metrics, counterName: string, durationName: string, recentMs: number) {
  const counters = metrics.counterSeries(counterName);
  const durations = metrics.durationSeries(durationName);
  const holds = (labels: Labels, wanted: Labels) =>
    Object.entries(wanted).every(([name, value]) => labels[name] === value);

  const of = (wanted: Labels): Signals => {
    let all = 0;
    let failed = 0;
    let unwanted = 0;
    for (const { labels, recent } of counters) {
      if (!holds(labels, wanted)) continue;
      all += recent;
      if (labels.status_class === 'none') unwanted += recent;
      else if (labels.status_class === '5xx' || labels.status_class === 'error') failed += recent;
    }
    const judged = all - unwanted;
    const matching = durations.filter(({ labels }) => holds(labels, wanted));
    return {
      requestsPerSecond: recentMs > 0 ? Math.round((all * 1_000_000) / recentMs) / 1000 : 0,
      successRate: judged === 0 ? null : (judged - failed) / judged,
      ...latenciesOf(matching.map(({ durations: { recent } }) => recent)),
    };
  };

  const values = (label: string) => new Set(counters.map(({ labels }) => labels[label] ?? ''));

  const groups = (names: readonly string[]) => {
    const found = new Map<string, Labels>();
    for (const { labels } of counters) {
      const wanted = Object.fromEntries(names.map((name) => [name, labels[name] ?? '']));
      found.set(JSON.stringify(wanted), wanted);
    }
    return [...found.keys()].sort().map((key) => {
      const wanted = found.get(key) ?? {};
      return { labels: Object.values(wanted), signals: of(wanted) };
    });
  };

  return { of, values, groups };
}
