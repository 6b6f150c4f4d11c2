import type { JournalEntry } from '../control/journal.ts';
import type { AdminClient } from './admin-client.ts';
import { wholeNumber } from './numbers.ts';
import { type Output, table } from './output.ts';

/** `mesh journal`: what was changed, when, by whom and why, the last change first. */
export async function journal(admin: AdminClient, limit: string, json: boolean, { out }: Output): Promise<void> {
  const query = new URLSearchParams({ limit: String(wholeNumber('--limit', limit)) });
  const reply = await admin.get<{ entries: JournalEntry[] }>(`/journal?${query}`);
  if (json) {
    out(JSON.stringify(reply));
    return;
  }
  const rows = reply.entries.map(({ at, what, who, why, details }) => [
    at,
    what,
    shown(who),
    shown(why),
    JSON.stringify(details),
  ]);
  out(table([['AT', 'WHAT', 'WHO', 'WHY', 'DETAILS'], ...rows]));
}

/** Text from others, made safe for a terminal: control characters (C0, DEL and C1) are written as `\x1b`. */
function shown(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
