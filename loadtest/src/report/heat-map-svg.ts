import type { Stage } from '../proof/report-data.ts';
import { escapeHtml } from './escape-html.ts';

const cellWidth = 8;
const cellHeight = 5;
const left = 50;

/** One heat map a stage: time to the right, latency upwards (logarithmic), darker where more requests were. */
export function heatMaps(stages: readonly Stage[]): string {
  return `<div class="heats">${stages.map(heatMap).join('')}</div>
<p class="small">Two bands in one picture are two populations: an average would show neither.</p>`;
}

function heatMap({ name, heat }: Stage): string {
  const { columns, rows, counts, fromMs, durationMs } = heat;
  const most = Math.max(1, ...counts.flat());
  const cells: string[] = [];
  for (const [row, line] of counts.entries()) {
    for (const [column, count] of line.entries()) {
      if (count === 0) continue;
      const strength = 0.25 + 0.75 * (Math.log1p(count) / Math.log1p(most));
      cells.push(
        `<rect x="${left + column * cellWidth}" y="${(rows - 1 - row) * cellHeight}" width="${cellWidth}" height="${cellHeight}" fill="#d1495b" fill-opacity="${strength.toFixed(2)}"/>`,
      );
    }
  }
  const scale = Array.from({ length: Math.floor(rows / 10) + 1 }, (_, i) => i).map((decade) => {
    const y = (rows - decade * 10) * cellHeight;
    return `<line class="grid" x1="${left}" x2="${left + columns * cellWidth}" y1="${y}" y2="${y}"/><text x="${left - 5}" y="${Math.max(10, y)}" text-anchor="end">${+(fromMs * 10 ** decade).toFixed(1)}</text>`;
  });
  const width = left + columns * cellWidth;
  return `<figure><figcaption>${escapeHtml(name)}: ms over ${(durationMs / 1000).toFixed(1)} s</figcaption><svg viewBox="0 -2 ${width} ${rows * cellHeight + 6}" role="img" aria-label="Latency heat map of ${escapeHtml(name)}">${scale.join('')}${cells.join('')}</svg></figure>`;
}
