import { type Change, digestOf, type State } from '@banyan/kit/import';
import type { Pool } from 'pg';
import { MigrationError } from '../errors.ts';
import { inTransaction } from '../monolith/database.ts';
import { unlessOwnedElsewhere } from '../resources/not-owner.ts';
import type { Queryable } from '../resources/queryable.ts';
import { type Resource, wayBackOf } from '../resources/resource.ts';
import { writeShopEvents } from '../resources/shop-events.ts';
import type { ServiceSide } from '../service/service-side.ts';

/**
 * The way back: brings what the service wrote into the monolith, until nothing is left that was there at the call.
 *
 * @param publicUrl the platform's address as clients see it
 */
export async function bringBack(
  pool: Pool,
  service: ServiceSide,
  resource: Resource,
  publicUrl: string,
  onBrought: (keys: readonly string[]) => void,
): Promise<void> {
  for (;;) {
    const { ownership, changes, more } = await service.changes(resource);
    if (ownership.state === 'follower') {
      throw new MigrationError('not_the_owner', `the ${resource.service} service does not own ${resource.name}`);
    }
    if (changes.length > 0) {
      await applyToMonolith(pool, resource, ownership.epoch, changes, publicUrl);
      await service.acknowledge(
        resource,
        changes.map(({ key, version }) => ({ key, version })),
      );
      onBrought(changes.map(({ key }) => key));
    }
    if (!more) return;
  }
}

/**
 * Applies changes in the monolith, in one transaction with their versions: without capture, fence, cascade and checks of
 * foreign keys. Versions that are not newer are left out.
 *
 * @returns how many were newer
 * @throws MigrationError `not_following` when the monolith does not follow this epoch
 */
export async function applyToMonolith(
  pool: Pool,
  resource: Resource,
  epoch: number,
  changes: readonly Change[],
  publicUrl: string,
): Promise<number> {
  const { apply, afterDelete, factsOf } = wayBackOf(resource);
  const newer = await inTransaction(pool, async (db) => {
    // Ordinary triggers do not fire under this role. The setting ends with the transaction, so that it cannot leak through
    // the pool. The row is shared with other followers' writes, and exclusive to a change of the owner.
    const { rows: owned } = await db.query<{ epoch: string; state: string }>(
      `select epoch, state, set_config('session_replication_role', 'replica', true)
       from migration.ownership where group_name = $1 for share`,
      [resource.group],
    );
    const ownership = owned[0];
    if (ownership?.state !== 'follower' || Number(ownership.epoch) !== epoch) {
      throw new MigrationError(
        'not_following',
        `the monolith is ${ownership?.state ?? 'not attached'} at epoch ${ownership?.epoch ?? 0}, not follower at ${epoch}`,
      );
    }
    const { rows } = await db.query<{ key: string }>(
      `insert into migration.applied as mine (resource, key, version, deleted)
       select $1, row.key, row.version, row.deleted
       from jsonb_to_recordset($2::jsonb) as row(key text, version bigint, deleted boolean)
       on conflict (resource, key) do update set version = excluded.version, deleted = excluded.deleted
       where mine.version < excluded.version
       returning key`,
      [
        resource.name,
        JSON.stringify(changes.map(({ key, version, state }) => ({ key, version, deleted: state === null }))),
      ],
    );
    const keys = new Set(rows.map(({ key }) => key));
    const wanted = changes.filter(({ key }) => keys.has(key));
    const before = factsOf ? await statesOf(db, resource, wanted) : new Map<string, State>();
    await apply(db, wanted);
    if (factsOf) {
      const changed = wanted
        .map((change) => ({ ...change, before: before.get(change.key) ?? null }))
        .filter(({ key, state, before: was }) => digest(key, state) !== digest(key, was));
      await writeShopEvents(db, await factsOf(db, changed, publicUrl));
    }
    return wanted.length;
  });
  // Also of versions that were applied before: the process may have ended between the two transactions.
  const deleted = changes.filter(({ state }) => state === null).map(({ key }) => key);
  if (deleted.length > 0) {
    await inTransaction(pool, (db) => unlessOwnedElsewhere(db, () => afterDelete(db, deleted)));
  }
  return newer;
}

async function statesOf(
  db: Queryable,
  resource: Resource,
  changes: readonly { key: string }[],
): Promise<Map<string, State>> {
  const { rows } = await db.query<{ key: string; state: State }>(resource.states, [changes.map(({ key }) => key)]);
  return new Map(rows.map(({ key, state }) => [key, state]));
}

const digest = (key: string, state: State | null) => (state === null ? null : digestOf(key, state));
