import type { Ownership } from '@banyan/kit/import';
import type { Backlog } from '../backlog/backlog.ts';
import { messageOf } from '../errors.ts';
import type { Entry, Target } from '../journal/journal.ts';
import { readOwnership } from '../monolith/fence.ts';
import { hasSchema } from '../monolith/schema.ts';
import type { Mover } from '../mover/mover.ts';
import type { ParityReport } from '../parity/parity-report.ts';
import { heartbeatKey } from '../relay/notes.ts';
import type { Operation } from './operations.ts';

/** Where a resource stands, as `status` prints it. */
export interface ResourceStatus {
  resource: string;
  summary: string;
  /** Who may write it. Null: it does not move, so the monolith has it. */
  owner: Target | 'switching' | null;
  epoch: number | null;
  backfill: Entry['backfill'] | null;
  /** Changes that the follower lacks. */
  open: number;
  /** Changes that the service refuses, with the first reason. */
  parked: { count: number; reason: string | null };
  /** Why the follower counts as left behind; null: it does not. */
  alarm: string | null;
  lag: { p50Ms: number; p99Ms: number; lastMs: number } | null;
  parity: Pick<ParityReport, 'at' | 'compared' | 'clean'> | null;
  operation: Operation | null;
  /** Why the follower is not in step. */
  failure: string | null;
}

export async function statusOf(
  mover: Mover,
  entry: Entry | null,
  operation: Operation | null,
  backlog: Backlog | null,
): Promise<ResourceStatus> {
  const { resource, monolith } = mover.parts;
  const status: ResourceStatus = {
    resource: resource.name,
    summary: resource.summary,
    owner: null,
    epoch: null,
    backfill: entry?.backfill ?? null,
    open: 0,
    parked: { count: 0, reason: null },
    alarm: backlog?.alarm ?? null,
    lag: mover.lags.summary(),
    parity: entry?.parity ? { at: entry.parity.at, compared: entry.parity.compared, clean: entry.parity.clean } : null,
    operation,
    failure: mover.failure,
  };
  if (entry === null) return status;
  try {
    if (!(await hasSchema(monolith))) return status;
    const ownership = await readOwnership(monolith, resource.group);
    status.epoch = ownership?.epoch ?? null;
    status.owner = ownership === null ? null : ownerOf(ownership.state);
    const { rows } = await monolith.query<{ open: number; parked: number; reason: string | null }>(
      `select count(*)::int as open, count(parked)::int as parked, min(parked) as reason
       from migration.notes where resource = $1 and key <> $2`,
      [resource.name, heartbeatKey],
    );
    if (rows[0]) {
      status.open = status.owner === 'service' ? await mover.open('service') : rows[0].open;
      status.parked = { count: rows[0].parked, reason: rows[0].reason };
    }
  } catch (error) {
    status.failure = messageOf(error);
  }
  return status;
}

const owners: Record<Ownership['state'], NonNullable<ResourceStatus['owner']>> = {
  owner: 'monolith',
  follower: 'service',
  fenced: 'switching',
};
const ownerOf = (state: Ownership['state']) => owners[state];
