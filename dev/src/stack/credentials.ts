import { existsSync } from 'node:fs';
import { type Addresses, rewriteText } from '../topology/addresses.ts';
import type { ServiceSpec, Topology } from '../topology/topology.ts';

/** The file with the demo clients' ids and secrets, which the seed writes; null before that. */
export function credentialsFile(
  services: readonly ServiceSpec[],
  topology: Topology,
  addresses: Addresses,
): string | null {
  for (const service of services) {
    const args = [...service.entrypoint, ...service.command];
    const file = args[args.indexOf('--credentials') + 1];
    if (!args.includes('--credentials') || file === undefined) continue;
    const path = rewriteText(file, service, topology, addresses);
    if (existsSync(path)) return path;
  }
  return null;
}
