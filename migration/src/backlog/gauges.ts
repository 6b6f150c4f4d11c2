import type { Metrics } from '@banyan/kit/metrics';
import type { Backlog } from './backlog.ts';

/** What a monitor needs to know of backlogs, by resource. */
export function addBacklogGauges(metrics: Metrics, worker: { backlogs(): ReadonlyMap<string, Backlog> }): void {
  const each = (read: (backlog: Backlog) => number | null) => () =>
    [...worker.backlogs()].flatMap(([resource, backlog]) => {
      const value = read(backlog);
      return value === null ? [] : [{ labels: { resource }, value }];
    });
  metrics.gauges(
    'migration_backlog_changes',
    'Changes that the follower lacks, where the monolith owns the resource',
    ['resource'],
    each(({ latest }) => latest.changes),
  );
  metrics.gauges(
    'migration_backlog_age_seconds',
    'How long the oldest change has waited',
    ['resource'],
    each(({ latest }) => latest.ageMs / 1_000),
  );
  metrics.gauges(
    'migration_backlog_alarm',
    '1 while the follower stays behind its owner for too long',
    ['resource'],
    each(({ alarm }) => Number(alarm !== null)),
  );
}
