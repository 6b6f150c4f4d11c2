import { versionOf } from '@banyan/kit/import';
import { MigrationError } from '../errors.ts';
import type { Target } from '../journal/journal.ts';
import { readOwnership } from '../monolith/fence.ts';
import type { MoverParts } from './mover-parts.ts';

/**
 * Recognizes a store that was restored from a backup: its versions are older than those that it has shown before. What it
 * lost, the other side may have and the notes may be gone, so following it would spread the loss.
 *
 * @throws MigrationError `went_back`
 */
export async function refuseOlderStores(parts: MoverParts): Promise<void> {
  const { resource, monolith, service, journal } = parts;
  const { newest } = await journal.entry(resource.name);
  const ownership = await readOwnership(monolith, resource.group);
  if (ownership === null) return;
  const { rows } = await monolith.query<{ counter: string }>('select last_value as counter from migration.counter');
  const seen: Record<Target, number> = {
    monolith: versionOf(ownership.epoch, Number(rows[0]?.counter)),
    service: (await service.ownership(resource)).newest,
  };
  for (const side of ['monolith', 'service'] as const) {
    if (seen[side] < newest[side]) {
      throw new MigrationError(
        'went_back',
        `the store of the ${side} has older ${resource.name} than it had: it was restored from a backup. ` +
          `Compare both sides, then run: npm run migrate -- backfill ${resource.name} --full`,
      );
    }
    if (seen[side] > newest[side]) await journal.sawNewest(resource.name, side, seen[side]);
  }
}
