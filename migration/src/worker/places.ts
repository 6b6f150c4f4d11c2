import { messageOf } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Mover } from '../mover/mover.ts';
import type { Place } from '../stage/place.ts';
import type { MeshAdmin } from '../switch/mesh-admin.ts';
import type { ResourceStatus } from './status.ts';

/** Where a resource is that changes its owner. */
export async function placeOf(mover: Mover, status: ResourceStatus, journal: Journal, mesh: MeshAdmin): Promise<Place> {
  const { resource, service } = mover.parts;
  const at = status.owner ?? 'monolith';
  const down = at === 'service' ? null : await service.ownership(resource).then(() => null, messageOf);
  return {
    resource: resource.name,
    service: resource.service,
    at,
    moved: (await journal.hasSwitched(resource.name)) || (await shiftedByHand(resource.route, mesh)),
    copied: (status.backfill?.doneAt ?? null) !== null,
    follows: false,
    down,
    failure: failureOf(status),
  };
}

/** A switch shifts weights, too: those are not set by hand. */
async function shiftedByHand(route: string, mesh: MeshAdmin): Promise<boolean> {
  const rules = await mesh.weights(route).catch(() => []);
  return rules.some(({ setBy }) => setBy !== null && setBy !== 'migration');
}

function failureOf({ operation, failure }: ResourceStatus): string | null {
  if (operation?.state === 'failed') return `${operation.verb} failed: ${String(operation.result)}`;
  const { switched = true, reason = null } = (operation?.result ?? {}) as { switched?: boolean; reason?: string };
  return switched ? failure : reason;
}
