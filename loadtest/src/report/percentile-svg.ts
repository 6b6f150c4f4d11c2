import type { Stage } from '../proof/report-data.ts';
import { escapeHtml } from './escape-html.ts';
import { loadOf } from './figures.ts';
import { controlTag } from './first-screen.ts';
import { palette } from './style.ts';

const width = 1100;
const height = 400;
const left = 84;
const right = 24;
const top = 15;
const bottom = 52;
/** More curves than this in one picture cannot be told apart: then each load has its own. */
const curvesMax = 10;

/**
 * Every stage's percentile curve: x is 1/(1-p) on a logarithmic scale, so that each further nine takes as much room as
 * the last; y is logarithmic milliseconds. One picture, or one for each load where there are too many stages for one.
 */
export function percentileCurves(stages: readonly Stage[]): string {
  const drawn = stages.filter((stage) => stage.spectrum.length > 1);
  if (drawn.length === 0) return '<p>No stage has enough samples for a curve.</p>';
  const together = drawn.length <= curvesMax;
  const groups = together ? [drawn] : [...Map.groupBy(drawn, loadOf).values()];
  const pictures = groups.map((group) => {
    const caption = together ? '' : `<figcaption>${escapeHtml(loadOf(group[0] as Stage))}</figcaption>`;
    return `<figure class="wide">${caption}${picture(group)}</figure>`;
  });
  const failed = drawn.some(({ errors }) => errors > 0)
    ? 'A ring: from there on requests failed, which count as the longest wait of their stage. '
    : '';
  return `${pictures.join('')}
<p class="small">${told(drawn)}${failed}Both axes are logarithmic.</p>`;
}

function told(stages: readonly Stage[]): string {
  const open = stages.filter(({ driver }) => driver === 'open-loop');
  if (open.length === 0) return '';
  const which = open.length < stages.length && stages.length <= curvesMax ? 'Dashed: open loop' : 'Open loop';
  return `${which}, timed from when each request was due. `;
}

function picture(stages: readonly Stage[]): string {
  const points = stages.flatMap(({ spectrum }) => spectrum);
  const decades = Math.max(1, ...points.map(({ p }) => Math.log10(1 / (1 - p))).filter(Number.isFinite));
  const ticks = ticksOf(
    Math.min(...points.map(({ ms }) => Math.max(0.01, ms))),
    Math.max(0.02, ...points.map(({ ms }) => ms)),
  );
  const low = Math.log10(ticks[0] as number);
  const high = Math.log10(ticks.at(-1) as number);
  const x = (p: number) => left + (Math.log10(1 / (1 - p)) / decades) * (width - left - right);
  const y = (value: number) =>
    height - bottom - ((Math.log10(Math.max(0.01, value)) - low) / (high - low)) * (height - top - bottom);

  const rows = ticks.map(
    (value) =>
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/><text x="${left - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value} ms</text>`,
  );
  const columns = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999]
    .filter((p) => Math.log10(1 / (1 - p)) <= decades)
    .map(
      (p) =>
        `<line class="grid" x1="${x(p).toFixed(1)}" x2="${x(p).toFixed(1)}" y1="${top}" y2="${height - bottom}"/><text x="${x(p).toFixed(1)}" y="${height - bottom + 18}" text-anchor="middle">${p === 0 ? 'min' : `${+(p * 100).toFixed(3)} %`}</text>`,
    );
  const ring = (stage: Stage) => {
    const answered = (stage.successPercent ?? 100) / 100;
    const at = stage.spectrum.find(({ p }) => p >= answered);
    if (answered === 1 || at === undefined) return '';
    return `<circle cx="${x(at.p).toFixed(1)}" cy="${y(at.ms).toFixed(1)}" r="5" fill="none" stroke="currentColor"/>`;
  };
  const dashes = new Set(stages.map(({ driver }) => driver)).size > 1;
  const curves = stages.map((stage, index) => {
    const path = stage.spectrum.map(({ p, ms }) => `${x(p).toFixed(1)},${y(ms).toFixed(1)}`);
    const muted = stage.control ? ' opacity="0.5"' : '';
    const dash = dashes && stage.driver === 'open-loop' ? ' stroke-dasharray="6 4"' : '';
    return `<polyline points="${path.join(' ')}" fill="none" stroke="${color(index)}" stroke-width="${stage.control ? 1.5 : 2.5}"${dash}${muted}><title>${escapeHtml(stage.name)}</title></polyline>${ring(stage)}`;
  });
  const legend = stages.map((stage, index) => {
    const dashed = dashes && stage.driver === 'open-loop' ? ' class="dashed"' : '';
    const control = stage.control ? ' class="control"' : '';
    const tag = stage.control ? ` ${controlTag}` : '';
    return `<span${control}><i${dashed} style="border-color:${color(index)}"></i>${escapeHtml(stage.name)}${tag}</span>`;
  });
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Percentile curves">${rows.join('')}${columns.join('')}${curves.join('')}<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">share of the requests that took no longer</text></svg>
<p class="legend">${legend.join('')}</p>`;
}

/** Round values that enclose `low` and `high`: powers of ten, with 2 and 5 between them where there is room. */
export function ticksOf(low: number, high: number): number[] {
  const steps = Math.log10(high / low) <= 2.5 ? [1, 2, 5] : [1];
  const all: number[] = [];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.ceil(Math.log10(high)) + 1; decade += 1) {
    for (const step of steps) all.push(Number((step * 10 ** decade).toPrecision(1)));
  }
  const first = all.findLastIndex((tick) => tick <= low);
  const last = all.findIndex((tick) => tick >= high);
  return all.slice(Math.max(0, first), Math.max(first + 1, last) + 1);
}

function color(index: number): string {
  return palette[index % palette.length] as string;
}
