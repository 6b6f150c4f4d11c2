import type { AdminClient } from '../admin/client.ts';
import type { WorkerShown } from '../workers/fleet.ts';
import { MeshCliError } from './error.ts';
import type { Output } from './output.ts';

/** How often it looks how far the mesh is. */
const lookMs = 200;
/** New workers start, old ones drain, one after the other: longer than this is a fault. */
const limitMs = 600_000;

/** `mesh restart`: replaces the workers, and returns when all are new. */
export async function restart(
  admin: AdminClient,
  { who, why, json }: { who: string; why: string; json: boolean },
  { out }: Output,
): Promise<void> {
  const before = (await admin.post<{ workers: WorkerShown[] }>('/restart', { who, why })).workers;
  const old = new Set(before.map(({ pid }) => pid));
  const endMs = performance.now() + limitMs;
  for (;;) {
    const { workers } = await admin.get<{ workers: WorkerShown[] }>('/workers');
    const done = workers.every(({ pid, state }) => !old.has(pid) && state === 'ready');
    if (done && workers.length >= before.length) {
      out(
        json
          ? JSON.stringify({ workers })
          : `${workers.length} workers replaced: ${workers.map(({ pid }) => pid).join(' ')}`,
      );
      return;
    }
    if (performance.now() > endMs) {
      throw new MeshCliError('The workers have not been replaced in time.', 'The log of the mesh says why.');
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
