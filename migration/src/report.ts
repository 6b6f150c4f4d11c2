import type { BackfillReport } from './backfill.ts';
import type { ParityReport } from './client-parity.ts';

const shownDifferences = 20;

/** A bar of `width` characters with counts, such as `████░░░░  50 %  100/200`. */
export function bar(done: number, total: number, width = 24): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${String(Math.floor(share * 100)).padStart(3)} %  ${done}/${total}`;
}

export function backfillText(report: BackfillReport): string {
  const { inserted, updated, unchanged, refused } = report;
  const lines = [
    `${report.read} read: ${inserted} inserted, ${updated} updated, ${unchanged} unchanged, ${refused} refused`,
  ];
  if (report.resumedAfter !== null) lines.push('continued an earlier run that was not finished');
  if (report.since !== null) lines.push(`read only changes since ${report.since} (--full reads everything)`);
  if (report.mended > 0) lines.push(`${report.mended} of these differed although their dates are not newer`);
  if (report.removed > 0) lines.push(`${report.removed} deleted, because the source does not have them`);
  if (report.extra > 0) {
    lines.push(`${report.extra} are only in the service: --prune deletes them`);
  }
  if (report.dryRun) lines.push('dry run: nothing was changed');
  if (refused > 0) lines.push(`refused, because the service cannot use them: ${report.refusedIds.join(', ')}`);
  if (!report.finished) lines.push('not finished: run it again to continue');
  return lines.join('\n');
}

export function parityText(report: ParityReport): string {
  const { counts } = report;
  if (report.equal)
    return `both sides hold the same ${report.sourceRows} records (${report.ranges} key ranges compared)`;
  const lines = [
    `source ${report.sourceRows}, target ${report.targetRows} records; ` +
      `${report.differingRanges} of ${report.ranges} key ranges differ`,
    `${counts.lagging} lagging, ${counts.missing} missing, ${counts.extra} extra, ${counts.diverged} diverged`,
    ...report.differences
      .slice(0, shownDifferences)
      .map(({ id, kind, fields }) => `  ${kind.padEnd(9)}${id}${fields.length > 0 ? `  ${fields.join(', ')}` : ''}`),
  ];
  const hidden = report.differences.length - shownDifferences;
  if (hidden > 0) lines.push(`  … and ${hidden} more (--json has all)`);
  lines.push(...remedies(report));
  return lines.join('\n');
}

/** The commands that make both sides equal again. */
function remedies({ mapping, counts }: ParityReport): string[] {
  const backfill = `\`backfill ${mapping}\``;
  const lines: string[] = [];
  if (counts.lagging + counts.missing + counts.diverged > 0) {
    lines.push(`${backfill} copies lagging, missing and diverged records, and lists the rows that the service refuses`);
  }
  if (counts.extra > 0) lines.push(`\`backfill ${mapping} --prune\` also deletes extra records`);
  return lines;
}
