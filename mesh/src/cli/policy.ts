import type { PolicySource } from '../config/parse.ts';
import type { AdminClient } from './admin-client.ts';
import { type Output, table } from './output.ts';

/** `mesh policy jobs`: the values in force for a Service and an HTTPRoute of that name, and which document gives each. */
export async function policy(admin: AdminClient, name: string, json: boolean, { out }: Output): Promise<void> {
  const found = await admin.get<{ policies: PolicySource[] }>(`/policies/${encodeURIComponent(name)}`);
  if (json) {
    out(JSON.stringify(found));
    return;
  }
  if (found.policies.length === 0) out(`${name} has no policy: it has the defaults of the mesh.`);
  for (const [index, source] of found.policies.entries()) {
    if (index > 0) out('');
    out(`${source.kind} ${source.name}: ${layersText(source)}`);
    const rows = source.values.map(({ field, value, policy: from, place }) => [field, value, `${from} (${place})`]);
    out(table([['FIELD', 'VALUE', 'FROM'], ...rows]));
  }
}

/** `HTTPRoutePolicy/jobs (by name) over HTTPRoutePolicy/resources (by labels)` */
export function layersText({ layers }: PolicySource): string {
  return layers.map(({ policy: name, by }) => `${name} (by ${by})`).join(' over ');
}
