import type { AdminClient } from '../admin/client.ts';
import type { Replacement, WorkerShown } from '../workers/fleet.ts';
import { MeshCliError } from './error.ts';
import type { Output } from './output.ts';

/** How often it looks how far the mesh is. */
const lookMs = 200;
/** New workers start, old ones drain, one after the other: longer than this is a fault. */
const limitMs = 600_000;

/**
 * `mesh restart`: replaces the workers, and returns when all are new. Where a replacement is under way already, it is
 * that one which is waited for.
 *
 * @throws MeshCliError where the old ones have stayed
 */
export async function restart(
  admin: AdminClient,
  { who, why, json }: { who: string; why: string; json: boolean },
  { out }: Output,
): Promise<void> {
  await admin.post('/restart', { who, why });
  const endMs = performance.now() + limitMs;
  for (;;) {
    const { workers, replacement } = await admin.get<{ workers: WorkerShown[]; replacement: Replacement }>('/workers');
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
