import type { ErrorGroup } from '../telemetry/error-groups.ts';
import type { AdminClient } from './admin-client.ts';
import { wholeNumber } from './numbers.ts';
import { type Output, table } from './output.ts';

/** `mesh errors`: what fails, where and why, the last failure first. */
export async function errors(admin: AdminClient, limit: string, json: boolean, { out }: Output): Promise<void> {
  const query = new URLSearchParams({ limit: String(wholeNumber('--limit', limit)) });
  const reply = await admin.get<{ groups: ErrorGroup[]; forgotten: number }>(`/errors?${query}`);
  const { groups, forgotten } = reply;
  if (json) {
    out(JSON.stringify(reply));
    return;
  }
  if (groups.length === 0) {
    out('Nothing has failed.');
    return;
  }
  out(
    table([
      ['FIRST', 'LAST', 'COUNT', 'SEEN', 'WHAT', 'WHERE', 'WHY', 'SAMPLE', 'TRACE'],
      ...groups.map((group) => [
        group.first,
        group.last,
        String(group.count),
        String(group.seenByCallers),
        group.what,
        [group.route, group.service, group.endpoint].filter((part) => part !== '').join(' ') || group.side,
        group.why,
        `${group.sample.method} ${group.sample.path}`,
        group.sample.traceId ?? '',
      ]),
    ]),
  );
  out('\nCOUNT is of attempts; SEEN of callers that got the failure, because no other attempt made it good.');
  if (forgotten > 0) out(`${forgotten} groups that were quiet for longer have been forgotten.`);
}
