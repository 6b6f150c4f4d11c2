import type { Metrics } from './metrics.ts';

/** The resources of the process, under the names that every Prometheus client uses. */
export function processGauges(metrics: Metrics): void {
  const one = (name: string, help: string, type: 'counter' | 'gauge', read: () => number) =>
    metrics.gauge(name, help, [], () => [{ values: [], value: read() }], type);
  one('process_cpu_seconds_total', 'CPU time, user and system, of all threads.', 'counter', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  one('process_resident_memory_bytes', 'Memory in RAM.', 'gauge', () => process.memoryUsage.rss());
  const startedAtS = Date.now() / 1000 - process.uptime();
  one('process_start_time_seconds', 'Start of the process, since 1970.', 'gauge', () => startedAtS);
}
