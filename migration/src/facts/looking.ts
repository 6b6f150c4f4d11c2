import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';
import { connect } from '../monolith/database.ts';

/** Between two looks while facts come, and while none does. */
const busyMs = 25;
const idleMs = 250;
/** How long facts count as coming after the newest. One that was committed late may be behind it. */
const afterNewestMs = 1_000;
/** After a look that failed: the notes may not be attached yet. */
const failedMs = 1_000;

const newest = { name: 'newest_fact', text: 'select coalesce(max(seq), 0) as seq from migration.facts' };

/**
 * Looks for notes of facts, and says when there may be new ones. It looks because transactions that NOTIFY commit one after
 * the other, and the monolith must not become slower.
 *
 * @returns a function that ends it
 */
export function lookForFacts(url: string, onNew: () => void): () => void {
  const stop = new AbortController();
  void look(url, onNew, stop.signal);
  return () => stop.abort();
}

async function look(url: string, onNew: () => void, signal: AbortSignal): Promise<void> {
  let client: Client | null = null;
  let last = 0;
  let busyUntilMs = 0;
  while (!signal.aborted) {
    let waitMs = failedMs;
    try {
      client ??= await connect(url, () => {});
      const { rows } = await client.query<{ seq: string }>(newest);
      const seq = Number(rows[0]?.seq ?? 0);
      if (seq > last) busyUntilMs = performance.now() + afterNewestMs;
      last = seq;
      const isBusy = performance.now() < busyUntilMs;
      if (isBusy) onNew();
      waitMs = isBusy ? busyMs : idleMs;
    } catch {
      // The relay has the same troubles, and says so.
      await client?.end().catch(() => {});
      client = null;
    }
    await pause(waitMs, undefined, { signal }).catch(() => {});
  }
  await client?.end().catch(() => {});
}
