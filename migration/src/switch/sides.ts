import { type Ownership, sameOwnership } from '@banyan/kit/import';
import type { Pool } from 'pg';
import { MigrationError } from '../errors.ts';
import type { Target } from '../journal/journal.ts';
import { changeOwnership, readOwnership } from '../monolith/fence.ts';
import type { Resource } from '../resources/resource.ts';
import type { ServiceSide } from '../service/service-side.ts';

export type Owned = Pick<Ownership, 'epoch' | 'state'>;

/** One of the two stores, as a switch sees it. */
export interface Side {
  name: Target;
  read(): Promise<Owned>;
  /**
   * Does nothing when `to` is in force: the reply to an earlier call may have been lost, and the call repeated.
   *
   * @throws MigrationError `not_the_owner` when something else is in force
   */
  set(from: Owned, to: Owned): Promise<void>;
}

export function monolithSide(pool: Pool, resource: Resource): Side {
  return {
    name: 'monolith',
    read: async () => {
      const ownership = await readOwnership(pool, resource.group);
      if (ownership === null) throw new MigrationError('not_attached', `${resource.name} is not attached`);
      return ownership;
    },
    set: async (from, to) => {
      if (await changeOwnership(pool, resource.group, from, to)) return;
      const now = await readOwnership(pool, resource.group);
      if (now?.epoch === to.epoch && now.state === to.state) return;
      throw new MigrationError('not_the_owner', `the monolith is not ${from.state} at epoch ${from.epoch} any more`);
    },
  };
}

/** The way back is open whenever the service owns the resource, or did before the fence. */
const withWayBack = ({ epoch, state }: Owned): Ownership => ({ epoch, state, wayBack: state !== 'follower' });

export function serviceOwnershipSide(service: ServiceSide, resource: Resource): Side {
  return {
    name: 'service',
    read: async () => {
      const { ownership } = await service.ownership(resource);
      return { epoch: ownership.epoch, state: ownership.state };
    },
    set: async (from, to) => {
      const { changed, ownership } = await service.changeOwnership(resource, withWayBack(from), withWayBack(to));
      if (changed || sameOwnership(ownership, withWayBack(to))) return;
      throw new MigrationError(
        'not_the_owner',
        `the service is ${ownership.state} at epoch ${ownership.epoch}, not ${from.state} at ${from.epoch}`,
      );
    },
  };
}
