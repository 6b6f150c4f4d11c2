import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DurationSeries, Metrics } from '../observe/metrics.ts';
import type { Server } from './server-type.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Records one request of the route. Set when the route is added. */
    observe?: (statusCode: number, durationMs: number) => void;
  }
}

/** Measures the duration of every request. The series are found by a small map per route, not by their labels. */
export function measureRequests(server: Server, metrics: Metrics): void {
  const durations = metrics.durations('http_server_request_duration_seconds', 'Duration of HTTP requests, by route');
  server.addHook('onRoute', (route) => {
    if (route.url === '/metrics' || route.url.startsWith('/docs')) return;
    const byStatus = new Map<number, DurationSeries>();
    const observe = (statusCode: number, durationMs: number) => {
      let series = byStatus.get(statusCode);
      if (!series) {
        series = durations.series({
          http_request_method: String(route.method),
          http_route: route.url,
          http_response_status_code: String(statusCode),
        });
        byStatus.set(statusCode, series);
      }
      series.observe(durationMs / 1_000);
    };
    route.config = Object.assign(route.config ?? {}, { observe });
    const onResponse = (_request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      observe(reply.statusCode, reply.elapsedTime);
      done();
    };
    route.onResponse = [onResponse, ...[route.onResponse ?? []].flat()];
  });
}
