import type { Signals, Stats } from '../telemetry/stats.ts';
import type { AdminClient } from './admin-client.ts';
import { type Output, table } from './output.ts';

/** `mesh stats`: the last 30 to 60 s per route, service and endpoint, effective beside actual. */
export async function stats(admin: AdminClient, json: boolean, { out }: Output): Promise<void> {
  const now = await admin.get<Stats>('/stats');
  if (json) {
    out(JSON.stringify(now));
    return;
  }
  const head = ['SUCCESS', 'PER SECOND', 'P50 ms', 'P95', 'P99', 'P99.9'];
  out(`The last ${Math.round(now.recentMs / 1000)} s\n`);
  out(table([['ROUTE', 'SERVICE', ...head], ...now.routes.map((each) => [each.route, each.service, ...cells(each)])]));
  out('');
  out(
    table([
      ['SERVICE', '', ...head],
      ...now.services.flatMap(({ service, effective, actual }) => [
        [service, 'effective', ...cells(effective)],
        ['', 'actual', ...cells(actual)],
      ]),
    ]),
  );
  out('');
  out(
    table([
      ['SERVICE', 'ENDPOINT', ...head],
      ...now.endpoints.map((each) => [each.service, each.endpoint, ...cells(each)]),
    ]),
  );
}

function cells({ successRate, requestsPerSecond, p50Ms, p95Ms, p99Ms, p999Ms }: Signals): string[] {
  const success = successRate === null ? '-' : `${(Math.floor(successRate * 10_000) / 100).toFixed(2)} %`;
  return [success, requestsPerSecond.toFixed(1), ...[p50Ms, p95Ms, p99Ms, p999Ms].map((ms) => ms.toFixed(1))];
}
