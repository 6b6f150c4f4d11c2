import type { Stage } from '../proof/report-data.ts';
import { escapeHtml } from './escape-html.ts';
import { controlTag } from './first-screen.ts';

const cellWidth = 8;
const cellHeight = 6;
const left = 98;
const below = 30;
const rowsPerDecade = 10;

/** One heat map a stage: time to the right, latency upwards (logarithmic), darker where more requests were. */
export function heatMaps(stages: readonly Stage[]): string {
  const drawn = stages.filter(({ requests }) => requests > 0);
  const rows = usedRows(drawn);
  return `<div class="heats">${drawn.map((stage) => heatMap(stage, rows)).join('')}</div>
<p class="small">Answered requests by when they were due. All pictures have one scale of latency. Two bands in one picture are two populations: an average would show neither.</p>`;
}

/** The decades that any stage has a reply in: the same for all, so that they can be compared by eye. */
function usedRows(stages: readonly Stage[]): { from: number; to: number } {
  const used = stages.flatMap(({ heat }) =>
    heat.counts.flatMap((line, row) => (line.some((count) => count > 0) ? [row] : [])),
  );
  const from = Math.floor(Math.min(...used, 20) / rowsPerDecade) * rowsPerDecade;
  const to = Math.ceil((Math.max(...used, 20) + 1) / rowsPerDecade) * rowsPerDecade;
  return { from, to };
}

function heatMap({ name, heat, control }: Stage, { from, to }: { from: number; to: number }): string {
  const { columns, counts, fromMs, durationMs } = heat;
  const most = Math.max(1, ...counts.flat());
  const width = columns * cellWidth;
  const height = (to - from) * cellHeight;
  const y = (row: number) => (to - row) * cellHeight;
  const cells: string[] = [];
  for (const [row, line] of counts.entries()) {
    for (const [column, count] of line.entries()) {
      if (count === 0) continue;
      const strength = 0.25 + 0.75 * (Math.log1p(count) / Math.log1p(most));
      cells.push(
        `<rect x="${left + column * cellWidth}" y="${y(row + 1)}" width="${cellWidth}" height="${cellHeight}" fill="${control ? '#7d8894' : '#d1495b'}" fill-opacity="${strength.toFixed(2)}"/>`,
      );
    }
  }
  const decades = Array.from({ length: (to - from) / rowsPerDecade + 1 }, (_, i) => from + i * rowsPerDecade);
  const levels = decades.map((row) => {
    const label = `${+(fromMs * 10 ** (row / rowsPerDecade)).toPrecision(1)} ms`;
    return `<line class="grid" x1="${left}" x2="${left + width}" y1="${y(row)}" y2="${y(row)}"/><text x="${left - 8}" y="${y(row) + 6}" text-anchor="end">${label}</text>`;
  });
  const seconds = [0, 0.5, 1].map((share) => {
    const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
    return `<text x="${left + share * width}" y="${height + 24}" text-anchor="${anchor}">${((share * durationMs) / 1000).toFixed(1)} s</text>`;
  });
  return `<figure><figcaption>${escapeHtml(name)}${control ? ` ${controlTag}` : ''}</figcaption><svg class="heat" viewBox="0 -12 ${left + width} ${height + below + 12}" role="img" aria-label="Latency heat map of ${escapeHtml(name)}">${levels.join('')}${cells.join('')}${seconds.join('')}</svg></figure>`;
}
