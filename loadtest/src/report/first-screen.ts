import { othersShareMax } from '../proof/disturbance.ts';
import type { Bar, Outcome, Report, Stage } from '../proof/report-data.ts';
import { escapeHtml } from './escape-html.ts';
import { figure, ms, whole } from './figures.ts';

/** How an outcome looks, and how it is put for a verdict and for a check. */
export const outcomes: Record<Outcome, { look: string; verdict: string; check: string }> = {
  pass: { look: 'good', verdict: 'The verdict holds.', check: 'holds' },
  inconclusive: { look: 'unsure', verdict: 'The verdict is inconclusive.', check: 'inconclusive' },
  fail: { look: 'bad', verdict: 'The verdict fails.', check: 'fails' },
};

export const controlTag = '<span class="tag">control</span>';

/** The summary for a talk: the change, its gain in one figure and one chart, and the confidence. */
export function firstScreen(report: Report): string {
  const { headline, title } = report;
  return `<header class="hero ${report.verdict.outcome}">${failures(report)}<h1>${escapeHtml(title)}</h1>
<p class="done">${escapeHtml(headline.done)}</p>
<p class="big">${escapeHtml(headline.figure)}</p>
<p class="change">${escapeHtml(headline.change)}</p>
${chart(headline.chart)}
${howSure(report)}</header>`;
}

/**
 * Failed requests come first, where they are a fault: not those of a control, which are what the gain is measured
 * against.
 */
function failures({ stages, causes, verdict: { outcome } }: Report): string {
  const errors = [...stages.filter(({ control }) => !control), ...causes].reduce((sum, one) => sum + one.errors, 0);
  if (errors === 0 || outcome !== 'fail') return '';
  return `<p class="bad">${whole(errors)} requests of this run failed: see the stages.</p>`;
}

function chart({ title, unit, bars }: Report['headline']['chart']): string {
  const most = Math.max(...bars.map(({ value }) => value ?? 0));
  const row = ({ label, value, control }: Bar) => {
    const share = value === null || most <= 0 ? 0 : Math.max(0, value / most);
    const shown = value === null ? '–' : figure({ of: '', name: '', value, unit });
    return `<div class="bar${control ? ' control' : ''}"><span>${escapeHtml(label)} ${control ? controlTag : ''}</span><span class="track"><i style="width:${(share * 80).toFixed(2)}%"></i><b>${escapeHtml(shown)}</b></span></div>`;
  };
  return `<figure class="chart"><figcaption>${escapeHtml(title)}</figcaption>${bars.map(row).join('')}</figure>`;
}

function howSure({ headline, stages, comparisons, verdict, quick }: Report): string {
  const compared = headline.stages.map((name) => stages.find((stage) => stage.name === name));
  const rank = comparisons.find(
    ({ first, second }) => headline.stages.includes(first) && headline.stages.includes(second),
  );
  const { look, verdict: words } = outcomes[verdict.outcome];
  const disturbances = [...new Set(verdict.checks.flatMap((check) => check.disturbances))];
  const others = Math.max(0, ...stages.map(({ othersCpuShare }) => othersCpuShare ?? 0));
  return `<ul class="sure">
<li class="${look} verdict">${words}${quick ? ' (quick run: fewer samples, wider spread)' : ''}</li>
${compared.map((stage) => (stage === undefined ? '' : `<li>${rounds(stage)}</li>`)).join('')}
${rank === undefined ? '' : `<li>Rank test: ${escapeHtml(rank.first)} took longer in ${(rank.larger * 100).toFixed(1)} % of pairs (${chance(rank.p)})</li>`}
</ul>
${disturbances.length === 0 ? '' : `<p class="small">Disturbed by: ${disturbances.map(escapeHtml).join('; ')}.</p>`}
${others > othersShareMax ? `<p class="small">Work beside this run took up to ${Math.round(others * 100)} % of the machine, and slowed every stage.</p>` : ''}`;
}

/** `legacy: 5 rounds, 412 ms to 420 ms`: the spread of the medians. */
function rounds({ name, roundP50Ms, requests }: Stage): string {
  const told = roundP50Ms.filter((value) => value !== null);
  const [low, high] = [Math.min(...told), Math.max(...told)];
  if (told.length < 2) return `${escapeHtml(name)}: one round, ${whole(requests)} requests`;
  return `${escapeHtml(name)}: ${told.length} rounds, p50 ${ms(low)} to ${ms(high)}`;
}

/** The probability that a difference is chance, HTML-escaped. */
export function chance(p: number): string {
  return p < 0.0001 ? 'p &lt; 0.0001' : `p = ${p.toFixed(4)}`;
}
