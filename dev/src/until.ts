import { setTimeout as pause } from 'node:timers/promises';
import { DevError } from './errors.ts';

export interface UntilOptions {
  limitMs: number;
  /** Pause between two looks. */
  everyMs?: number;
  /** The awaited condition, for the error message. */
  what?: string;
}

/**
 * Looks until the condition holds. An error of the condition ends the wait.
 * @throws DevError command_failed after `limitMs`.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { limitMs, everyMs = 25, what = 'the condition' }: UntilOptions,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new DevError('command_failed', `${what}: not within ${limitMs} ms`);
    await pause(everyMs);
  }
}
