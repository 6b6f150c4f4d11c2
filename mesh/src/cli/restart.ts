import type { WorkerShown } from '../workers/member.ts';
import type { ReplacementShown } from '../workers/replacement.ts';
import type { AdminClient } from './admin-client.ts';
import { MeshCliError } from './error.ts';
import type { Output } from './output.ts';

/** How often the command asks how far the mesh is. */
const lookMs = 200;
/** A replacement that takes longer is a fault. */
const limitMs = 600_000;

/**
 * `mesh restart`: replaces the workers, and returns when all are new. A replacement that is already under way is
 * waited for instead.
 *
 * @throws MeshCliError where the old ones have stayed, or after 10 minutes
 */
export async function restart(
  admin: AdminClient,
  { who, why, json }: { who: string; why: string; json: boolean },
  { out }: Output,
): Promise<void> {
  await admin.post('/restart', { who, why });
  const endMs = performance.now() + limitMs;
  for (;;) {
    type Shown = { workers: WorkerShown[]; replacement: ReplacementShown };
    const { workers, replacement } = await admin.get<Shown>('/workers');
    if (!replacement.underWay) {
      if (replacement.failure !== null) {
        throw new MeshCliError(
          `The workers have not been replaced: ${replacement.failure}`,
          'Those that had not yet been replaced serve on; the log of the mesh says more.',
        );
      }
      const pids = workers.map(({ pid }) => pid).join(' ');
      out(json ? JSON.stringify({ workers }) : `${workers.length} workers replaced: ${pids}`);
      return;
    }
    if (performance.now() > endMs) {
      throw new MeshCliError('The workers have not been replaced in time.', 'The log of the mesh says why.');
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
