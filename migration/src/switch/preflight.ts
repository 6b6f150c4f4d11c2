import { MigrationError, messageOf } from '../errors.ts';
import type { Target } from '../journal/journal.ts';
import { inTransaction } from '../monolith/database.ts';
import type { Mover } from '../mover/mover.ts';
import { wayBackOf } from '../resources/resource.ts';

/** How old a comparison of both sides may be. */
const parityFreshMs = 10 * 60_000;

/**
 * Checks what a switch to `target` needs, and repeats a comparison that is too old. Changes nothing else.
 *
 * @throws MigrationError `stays` when the resource has no way back, `not_ready` with every reason
 */
export async function preflight(mover: Mover, target: Target): Promise<void> {
  const { resource, journal, monolith, service, contents, factsFault, now } = mover.parts;
  const wayBack = wayBackOf(resource);
  const entry = await journal.entry(resource.name);
  const missing: string[] = [];
  const need = async (what: string, check: () => Promise<string | null>) => {
    const fault = await check().catch(messageOf);
    if (fault !== null) missing.push(`${what}: ${fault}`);
  };
  await need('backfill', async () => (entry.backfill.doneAt === null ? 'it is not finished' : null));
  await need('following', async () => {
    await mover.settle();
    return null;
  });
  await need('parity', async () => {
    const saved = entry.parity;
    const fresh =
      saved?.clean && now().getTime() - Date.parse(saved.at) < parityFreshMs && mover.touched.keys() !== null;
    const { clean, divergent } = fresh ? saved : await mover.parity();
    return clean ? null : `${divergent} differ: run repair ${resource.name}`;
  });
  await need('names', async () => {
    const { displaced } = await service.ownership(resource);
    const { rows } = await monolith.query<{ count: number }>(wayBack.displaced);
    const count = displaced + (rows[0]?.count ?? 0);
    return count === 0 ? null : `${count} unique names are set aside`;
  });
  if (resource.contents) await need('content', async () => (await contents?.fault()) ?? null);
  if (resource.hearsFacts && target === 'service') await need('facts', factsFault);
  await need('way back', () =>
    inTransaction(monolith, async (db) => {
      await db.query('set local session_replication_role = replica');
      return null;
    }),
  );
  if (missing.length > 0)
    throw new MigrationError('not_ready', `${resource.name} cannot switch: ${missing.join('; ')}`);
}
