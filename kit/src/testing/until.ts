import { setTimeout as pause } from 'node:timers/promises';

/**
 * Polls `condition` until it returns a truthy value, and resolves with that value. Only a broken test reaches the
 * limit: no test may depend on how fast the condition comes true.
 */
export async function until<Value>(
  what: string,
  condition: () => Promise<Value> | Value,
  limitMs = 60_000,
): Promise<NonNullable<Value>> {
  const deadlineMs = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadlineMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await pause(10);
  }
}
