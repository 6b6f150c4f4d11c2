import type { AdminClient } from '../admin/client.ts';
import type { ErrorGroup } from '../telemetry/error-groups.ts';
import { type Output, table } from './output.ts';

/** `mesh errors`: what fails, where and why, the last failure first. */
export async function errors(admin: AdminClient, limit: number, json: boolean, { out }: Output): Promise<void> {
  const { groups } = await admin.get<{ groups: ErrorGroup[] }>(`/errors?limit=${limit}`);
  if (json) {
    out(JSON.stringify({ groups }));
    return;
  }
  if (groups.length === 0) {
    out('Nothing has failed.');
    return;
  }
  out(
    table([
      ['LAST', 'COUNT', 'SEEN', 'WHAT', 'WHERE', 'WHY', 'SAMPLE', 'TRACE'],
      ...groups.map((group) => [
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
}
