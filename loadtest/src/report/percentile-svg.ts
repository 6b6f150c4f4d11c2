import type { Stage } from '../proof/report-data.ts';
import { escapeHtml } from './escape-html.ts';
import { palette } from './style.ts';

const width = 1000;
const height = 380;
const left = 70;
const right = 20;
const top = 15;
const bottom = 40;

/**
 * Every stage's percentile curve in one picture: x is 1/(1-p) on a logarithmic scale, so that each further nine takes
 * as much room as the last; y is logarithmic milliseconds.
 */
export function percentileCurves(stages: readonly Stage[]): string {
  const drawn = stages.filter((stage) => stage.spectrum.length > 1);
  if (drawn.length === 0) return '<p>No stage has enough samples for a curve.</p>';
  const points = drawn.flatMap((stage) => stage.spectrum);
  const decades = Math.max(1, ...points.map(({ p }) => Math.log10(1 / (1 - p))).filter(Number.isFinite));
  const low = Math.floor(Math.log10(Math.min(...points.map(({ ms }) => Math.max(0.01, ms)))));
  const high = Math.ceil(Math.log10(Math.max(...points.map(({ ms }) => ms))));
  const x = (p: number) => left + (Math.log10(1 / (1 - p)) / decades) * (width - left - right);
  const y = (value: number) =>
    height - bottom - ((Math.log10(Math.max(0.01, value)) - low) / Math.max(1, high - low)) * (height - top - bottom);

  const rows = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)).map(
    (value) =>
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/><text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${value} ms</text>`,
  );
  const columns = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999]
    .filter((p) => Math.log10(1 / (1 - p)) <= decades)
    .map(
      (p) =>
        `<line class="grid" x1="${x(p)}" x2="${x(p)}" y1="${top}" y2="${height - bottom}"/><text x="${x(p)}" y="${height - bottom + 18}" text-anchor="middle">${p === 0 ? 'min' : `${+(p * 100).toFixed(3)} %`}</text>`,
    );
  const curves = drawn.map((stage) => {
    const path = stage.spectrum.map(({ p, ms }) => `${x(p).toFixed(1)},${y(ms).toFixed(1)}`).join(' ');
    const dash = stage.driver === 'open-loop' ? ' stroke-dasharray="5 4"' : '';
    return `<polyline points="${path}" fill="none" stroke="${colour(stages, stage)}" stroke-width="2"${dash}><title>${escapeHtml(stage.name)}</title></polyline>`;
  });
  const legend = drawn.map(
    (stage) => `<span><i style="background:${colour(stages, stage)}"></i>${escapeHtml(stage.name)}</span>`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Percentile curves of all stages">${rows.join('')}${columns.join('')}${curves.join('')}</svg>
<p class="legend">${legend.join('')}</p><p class="small">Dashed: open loop, timed from when each request was due. Both axes are logarithmic.</p>`;
}

function colour(stages: readonly Stage[], stage: Stage): string {
  return palette[stages.indexOf(stage) % palette.length] as string;
}
