import type { MeshStatus } from '../control/status.ts';
import type { Weights } from '../control/weight-groups.ts';
import type { MirrorShare, WeightChanges } from '../control/weights.ts';
import type { Hold } from '../hold/holds.ts';
import type { SettleStatus } from '../settle/settlers.ts';
import type { MetricsJson } from '../telemetry/metrics.ts';
import type { AdminClient } from './admin-client.ts';
import { percentText } from './numbers.ts';
import { type Output, table } from './output.ts';

interface Route {
  name: string;
  weights: Weights;
  mirrors: MirrorShare[];
  hostnames: string[];
  changed: Changed;
  weightGroups: { rule: string | null; weights: Weights; changed: Changed }[];
}

type Changed = { at: string; who: string } | null;

interface Endpoints {
  services: {
    service: string;
    port: number;
    endpoints: { endpoint: string; inFlight: number; health: { state: string }; breaker: { state: string } }[];
  }[];
}

/** `mesh status`: routes with shares and mirrors, services with their endpoints, and refused documents. */
export async function status(admin: AdminClient, json: boolean, { out }: Output): Promise<void> {
  const [now, { routes }, { services }, metrics, { settles }] = await Promise.all([
    admin.get<MeshStatus & { changes: WeightChanges; holds: Hold[] }>('/status'),
    admin.get<{ routes: Route[] }>('/routes'),
    admin.get<Endpoints>('/endpoints'),
    admin.get<MetricsJson>('/metrics.json'),
    admin.get<{ settles: SettleStatus[] }>('/settles'),
  ]);
  const mirrors = mirrorRows(routes, metrics);
  if (json) {
    out(JSON.stringify({ ...now, routes, mirrors, services, settles }));
    return;
  }
  out(`Generation ${now.generation}, in force since ${now.since}`);
  if (now.refused.length > 0) {
    out(`The documents on disk are refused, and the last good ones are in force:\n  ${now.refused.join('\n  ')}`);
  }
  for (const { route, rule, endsInMs } of now.holds) {
    out(`New requests of ${rule === null ? route : `${route}/${rule}`} wait, for ${Math.ceil(endsInMs)} ms more`);
  }
  for (const { service, resources, settled, failing } of settles) {
    const why = failing === null ? '' : `: ${failing}`;
    if (!settled) out(`${resources.join(', ')} have not settled (${service}), so reads go where writes go${why}`);
  }
  if (now.unresolved.length > 0) out(`References that lead nowhere:\n  ${now.unresolved.join('\n  ')}`);
  if (now.restartNeeded.length > 0) out(`A restart is needed:\n  ${now.restartNeeded.join('\n  ')}`);
  out('');
  out(
    table([
      ['ROUTE', 'SHARES', 'SET BY'],
      ...routes.flatMap(({ name, weights, changed, weightGroups }) =>
        weightGroups.length < 2
          ? [sharesRow(name, weights, changed)]
          : weightGroups.map(({ rule, ...group }) =>
              sharesRow(rule === null ? name : `${name}/${rule}`, group.weights, group.changed),
            ),
      ),
    ]),
  );
  if (mirrors.length > 0) {
    out('');
    out(
      table([
        ['MIRRORED ROUTE', 'TO', 'SHARE', 'COPIES', 'SAME STATUS', 'DIFFERENT STATUS', 'FAILED', 'TIMED OUT'],
        ...mirrors.map(({ route, service, percent, outcomes }) => {
          const of = (outcome: string) => outcomes[outcome] ?? 0;
          const counts = [of('same_status'), of('different_status'), of('failed'), of('timed_out')];
          const copies = counts.reduce((sum, count) => sum + count, 0);
          return [route, service, percentText(percent), String(copies), ...counts.map(String)];
        }),
      ]),
    );
    out('Statuses are compared, bodies are not. `GET /shadows` on the admin port has the last copies one by one.');
  }
  out('');
  out(
    table([
      ['SERVICE', 'ENDPOINTS (in flight)'],
      ...services.map(({ service, port, endpoints }) => [
        `${service}:${port}`,
        endpoints.map(endpointText).join(' ') || 'none',
      ]),
    ]),
  );
}

function sharesRow(name: string, weights: Weights, changed: Changed): string[] {
  return [name, sharesText(weights), changed === null ? 'documents' : `${changed.who}, ${changed.at}`];
}

/** Weights as the share of requests that each service gets. */
function sharesText(weights: Weights): string {
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  const share = (weight: number) => percentText(sum === 0 ? 0 : (weight / sum) * 100);
  return Object.entries(weights)
    .map(([service, weight]) => `${service} ${share(weight)}`)
    .join(', ');
}

interface MirrorRow extends MirrorShare {
  route: string;
  /** Copies since the start of the mesh, by how they ended. */
  outcomes: Record<string, number>;
}

function mirrorRows(routes: readonly Route[], { counters }: MetricsJson): MirrorRow[] {
  const copies = counters.find(({ name }) => name === 'mesh_shadow_requests_total')?.series ?? [];
  return routes.flatMap(({ name: route, mirrors }) =>
    mirrors.map(({ service, percent }) => {
      const outcomes: Record<string, number> = {};
      for (const { labels, value } of copies) {
        const { outcome = '' } = labels;
        if (labels.route === route && labels.mirror === service) outcomes[outcome] = (outcomes[outcome] ?? 0) + value;
      }
      return { route, service, percent, outcomes };
    }),
  );
}

/** Healthy, admitted endpoints show only their requests under way. */
function endpointText({ endpoint, inFlight, health, breaker }: Endpoints['services'][number]['endpoints'][number]) {
  const wrong = [
    ...(health.state === 'unhealthy' ? ['unhealthy'] : []),
    ...(breaker.state === 'admitting' ? [] : [breaker.state]),
  ];
  return `${endpoint} (${[inFlight, ...wrong].join(', ')})`;
}
