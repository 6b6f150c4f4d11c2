import type { AdminClient } from '../admin/client.ts';
import type { MeshStatus } from '../control/mesh.ts';
import type { WeightChanges, Weights } from '../control/weights.ts';
import { type Output, table } from './output.ts';

interface Routes {
  routes: { name: string; weights: Weights; hostnames: string[]; changed: { at: string; who: string } | null }[];
}

interface Endpoints {
  services: {
    service: string;
    port: number;
    endpoints: { endpoint: string; inFlight: number; health: { state: string }; breaker: { state: string } }[];
  }[];
}

/** `mesh status`: routes with their weights, services with their endpoints, and whether the documents are in force. */
export async function status(admin: AdminClient, json: boolean, { out }: Output): Promise<void> {
  const [now, { routes }, { services }] = await Promise.all([
    admin.get<MeshStatus & { changes: WeightChanges }>('/status'),
    admin.get<Routes>('/routes'),
    admin.get<Endpoints>('/endpoints'),
  ]);
  if (json) {
    out(JSON.stringify({ ...now, routes, services }));
    return;
  }
  out(`Generation ${now.generation}, in force since ${now.since}`);
  if (now.refused.length > 0) {
    out(`The documents on disk are refused, and the last good ones are in force:\n  ${now.refused.join('\n  ')}`);
  }
  if (now.unresolved.length > 0) out(`References that lead nowhere:\n  ${now.unresolved.join('\n  ')}`);
  if (now.restartNeeded.length > 0) out(`A restart is needed:\n  ${now.restartNeeded.join('\n  ')}`);
  out('');
  out(
    table([
      ['ROUTE', 'WEIGHTS', 'SET BY'],
      ...routes.map(({ name, weights, changed }) => [
        name,
        Object.entries(weights)
          .map(([service, weight]) => `${service}=${weight}`)
          .join(' '),
        changed === null ? 'documents' : `${changed.who}, ${changed.at}`,
      ]),
    ]),
  );
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

/** What is as it should be is not worth a word. */
function endpointText({ endpoint, inFlight, health, breaker }: Endpoints['services'][number]['endpoints'][number]) {
  const wrong = [
    ...(health.state === 'unhealthy' ? ['unhealthy'] : []),
    ...(breaker.state === 'admitting' ? [] : [breaker.state]),
  ];
  return `${endpoint} (${[inFlight, ...wrong].join(', ')})`;
}
