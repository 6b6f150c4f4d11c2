import type { Explanation } from '../admin/explain.ts';
import type { StackDescription } from '../assemble.ts';
import type { PolicySource } from '../config/parse.ts';
import type { AdminClient } from './admin-client.ts';
import { MeshCliError } from './error.ts';
import { percentText } from './numbers.ts';
import type { Output } from './output.ts';
import { layersText } from './policy.ts';

/** Of the other rules that match. */
const othersShown = 5;

/** `mesh explain`: the layers that run, outermost first. */
export async function explainStack(admin: AdminClient, json: boolean, { out }: Output): Promise<void> {
  const { layers } = await admin.get<{ layers: StackDescription[] }>('/stack');
  if (json) {
    out(JSON.stringify({ layers }));
    return;
  }
  let scope = '';
  for (const [index, layer] of layers.entries()) {
    if (layer.scope !== scope) {
      scope = layer.scope;
      out(`${index === 0 ? '' : '\n'}per ${scope}`);
    }
    out(`  ${layer.name}: ${layer.sentence}`);
    for (const { name, reason } of layer.inside) out(`      inside ${name}: ${reason}`);
  }
}

/** `mesh explain POST http://shop/oauth/access_token`: which rule, which weights, and why. */
export async function explainOne(
  admin: AdminClient,
  method: string,
  target: string,
  options: { entrance?: string; client?: string; header: string[]; json: boolean },
  { out }: Output,
): Promise<void> {
  let url: URL;
  try {
    url = new URL(target, 'http://localhost');
  } catch {
    throw new MeshCliError(`Not a URL or path: ${target}`, 'Write it as in: mesh explain POST /oauth/access_token');
  }
  const query = new URLSearchParams({ method, host: url.host, path: url.pathname + url.search });
  if (options.entrance !== undefined) query.set('entrance', options.entrance);
  if (options.client !== undefined) query.set('client', options.client);
  for (const field of options.header) query.append('header', field);
  const found = await admin.get<Explanation>(`/explain?${query}`);
  if (options.json) {
    out(JSON.stringify(found));
    return;
  }
  const { request, route, others, why, entrance } = found;
  out(`${request.method} ${request.path}, host ${request.host}, entrance ${entrance}`);
  if (route === null) {
    out(`no route: ${why}`);
    return;
  }
  const named = route.ruleName === null ? '' : ` (${route.ruleName})`;
  out(`route ${route.name}, rule ${route.rule}${named}: ${why}`);
  for (const { service, percent, endpoints } of route.backends) {
    out(`  ${percentText(percent)} ${service}: ${endpoints.join(' ') || 'no endpoint'}`);
  }
  for (const note of route.notes) out(`  ${note}`);
  for (const source of await policiesOf(admin, route)) {
    out(`  ${source.kind} ${source.name}: ${layersText(source)}; \`mesh policy ${source.name}\` prints each value`);
  }
  for (const { route: name, rule, matches, because } of others.slice(0, othersShown)) {
    out(`  not ${name}, rule ${rule} (${matches}): ${because}`);
  }
  if (others.length > othersShown) out(`  and ${others.length - othersShown} more that match, by --json`);
}

/** What is merged for the route, and for each of its backends. */
async function policiesOf(
  admin: AdminClient,
  { name, backends }: NonNullable<Explanation['route']>,
): Promise<PolicySource[]> {
  const { policies } = await admin.get<{ policies: PolicySource[] }>('/policies');
  const services = new Set(backends.map(({ service }) => service));
  return policies.filter((policy) => (policy.kind === 'HTTPRoute' ? policy.name === name : services.has(policy.name)));
}
