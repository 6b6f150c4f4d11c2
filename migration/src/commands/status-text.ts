import type { ParityReport } from '../parity/parity-report.ts';
import type { ResourceStatus } from '../worker/status.ts';

/** One line a resource, and the reason below it where something is wrong. */
export function statusText(all: readonly ResourceStatus[]): string {
  const rows = all.map((one) => [
    one.resource,
    one.owner ?? 'monolith',
    phaseOf(one),
    lagOf(one),
    parityOf(one),
    one.operation?.state === 'running'
      ? `${one.operation.verb}${one.operation.step ? `: ${one.operation.step}` : ''}`
      : '',
  ]);
  const head = ['resource', 'owner', 'state', 'lag', 'parity', 'now'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [head, ...rows].flatMap((row, n) => [line(row), ...reasonsOf(all[n - 1])]).join('\n');
}

function phaseOf({ owner, backfill, open }: ResourceStatus): string {
  if (owner === null) return 'does not move';
  if (owner === 'switching') return 'switching';
  if (backfill !== null && backfill.doneAt === null) {
    return backfill.begun ? `backfill ${backfill.sent}/${backfill.total}` : 'not copied';
  }
  return open > 0 ? `following, ${open} open` : 'following';
}

const lagOf = ({ lag }: ResourceStatus) => (lag === null ? '' : `p50 ${lag.p50Ms} ms, p99 ${lag.p99Ms} ms`);

function parityOf({ parity }: ResourceStatus): string {
  if (parity === null) return 'never compared';
  return `${parity.clean ? 'clean' : 'DIFFERENT'}, ${parity.compared} at ${parity.at}`;
}

function reasonsOf(one: ResourceStatus | undefined): string[] {
  if (!one) return [];
  const reasons = [];
  if (one.parked.count > 0)
    reasons.push(`${one.parked.count} changes are refused by the service: ${one.parked.reason}`);
  else if (one.failure !== null) reasons.push(`not in step: ${one.failure}`);
  if (one.alarm) reasons.push(`the follower stays behind its owner: ${one.alarm}`);
  if (one.operation?.state === 'failed') reasons.push(`${one.operation.verb} failed: ${String(one.operation.result)}`);
  return reasons.map((reason) => `  ${reason}`);
}

export function parityReportText(report: ParityReport): string {
  const { compared, ranges, lagging, raced, divergent, listed } = report;
  const lines = [
    report.clean
      ? `both sides hold the same ${compared} ${report.resource} (${ranges} key ranges compared)`
      : `${divergent} of ${compared} ${report.resource} differ`,
  ];
  if (lagging + raced > 0) lines.push(`${lagging} lagged behind and ${raced} changed while they were compared`);
  for (const { key, kind } of listed.slice(0, 20)) lines.push(`  ${kind.padEnd(10)}${key}`);
  if (divergent > 20) lines.push(`  … and ${divergent - 20} more (--json has up to 1,000)`);
  if (!report.clean) lines.push(`\`repair ${report.resource}\` sends what differs once more`);
  return lines.join('\n');
}
