import { messageOf } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Mover } from '../mover/mover.ts';
import type { Resource } from '../resources/resource.ts';
import type { At, Place } from '../stage/place.ts';
import type { MeshAdmin, RuleWeights } from '../switch/mesh-admin.ts';
import type { ResourceStatus } from './status.ts';

/** Where a resource is, whether its owner changes or only its route. */
export async function placeOf(mover: Mover, status: ResourceStatus, journal: Journal, mesh: MeshAdmin): Promise<Place> {
  const { resource, service } = mover.parts;
  const follows = isFollowed(resource);
  const rules = resource.route === null ? [] : await mesh.weights(resource.route).catch(messageOf);
  const shifted = typeof rules === 'string' ? [] : rules.filter(({ setBy }) => setBy !== null);
  const copied = (status.backfill?.doneAt ?? null) !== null;
  const followed = () => (resource.route === null ? (copied ? 'service' : 'monolith') : routeAt(resource, rules));
  const at = follows ? followed() : (status.owner ?? 'monolith');
  return {
    resource: resource.name,
    service: resource.service,
    at,
    moved:
      resource.route === null
        ? copied
        : follows
          ? shifted.length > 0
          : // A switch shifts weights, too: those are not set by hand.
            (await journal.hasSwitched(resource.name)) || shifted.some(({ setBy }) => setBy !== 'migration'),
    copied,
    follows,
    isCopy: resource.route === null,
    down: at === 'service' ? null : await service.ownership(resource).then(() => null, messageOf),
    failure: follows && typeof rules === 'string' ? rules : failureOf(status),
  };
}

/** Its owner stays the monolith: without a way back, only its route moves. */
export const isFollowed = ({ apply }: Resource): boolean => apply === undefined;

function routeAt({ service }: Resource, rules: readonly RuleWeights[] | string): At {
  if (typeof rules === 'string') return null;
  const weights = rules.flatMap((rule) => Object.entries(rule.weights));
  const sum = (some: typeof weights) => some.reduce((total, [, weight]) => total + weight, 0);
  const share = sum(weights.filter(([name]) => name === service));
  if (share === 0) return 'monolith';
  return share === sum(weights) ? 'service' : 'split';
}

function failureOf({ operation, failure }: ResourceStatus): string | null {
  if (operation?.state === 'failed') return `${operation.verb} failed: ${String(operation.result)}`;
  const { switched = true, reason = null } = (operation?.result ?? {}) as { switched?: boolean; reason?: string };
  return switched ? failure : reason;
}
