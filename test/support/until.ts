import { setTimeout as pause } from 'node:timers/promises';

/** Polls until `condition` holds. @throws Error after `limitMs`, with the name of the condition. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { limitMs = 60_000, everyMs = 20 } = {},
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs} ms`);
    await pause(everyMs);
  }
}
