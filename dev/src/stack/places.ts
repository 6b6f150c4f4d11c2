import type { CommandLine } from './processes.ts';
import type { PlaceStatus, ProcessStatus } from './status.ts';

const timeoutMs = 10_000;

/** The part of a stack that knows the worker. */
interface WithWorker {
  processes: Record<string, ProcessStatus>;
  commandLine(name: string): CommandLine;
}

/** Asks the worker where each resource is; null when it does not run, or does not tell. */
export async function placesOf(stack: WithWorker): Promise<PlaceStatus[] | null> {
  const { migrator } = stack.processes;
  if (migrator?.state !== 'ready') return null;
  const { MIGRATION_TOKEN: token = '' } = stack.commandLine('migrator').env;
  try {
    const reply = await fetch(new URL('/places', migrator.url), {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    return reply.ok ? ((await reply.json()) as { places: PlaceStatus[] }).places : null;
  } catch {
    return null;
  }
}
