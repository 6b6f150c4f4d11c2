import type { Report } from '../proof/report-data.ts';
import { escapeHtml } from './escape-html.ts';
import { bytes, figure, ms } from './figures.ts';
import { chance, firstScreen, outcomes } from './first-screen.ts';
import { heatMaps } from './heat-map-svg.ts';
import { ledger } from './ledger-svg.ts';
import { percentileCurves } from './percentile-svg.ts';
import { stagesTable } from './stages-table.ts';
import { style } from './style.ts';

/** The whole report as one page that needs nothing else: drawn from the JSON alone, with no request to any network. */
export function reportPage(report: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${firstScreen(report)}
${section('The verdict', verdict(report))}
${report.figures.length > 0 ? section('Figures', figures(report)) : ''}
${section('Stages', stagesTable(report.stages))}
${section('How long requests took', percentileCurves(report.stages))}
${report.causes.length > 0 ? section('Where the milliseconds go', ledger(report)) : ''}
${report.paidDebts.length > 0 ? section('Debts that the service pays off', paidDebts(report)) : ''}
${section('Latency over time', heatMaps(report.stages))}
${report.comparisons.length > 0 ? section('Is it chance?', comparisons(report)) : ''}
${section('Machine and method', facts(report))}
</main>
<script type="application/json" id="report">${JSON.stringify(report).replaceAll('<', '\\u003c')}</script>
</body>
</html>
`;
}

const section = (title: string, content: string) => `<section><h2>${escapeHtml(title)}</h2>${content}</section>`;

function verdict({ verdict: { checks } }: Report): string {
  const rows = checks.map(
    ({ name, outcome, detail, disturbances }) =>
      `<tr><td class="${outcomes[outcome].look}">${outcomes[outcome].check}</td><td>${escapeHtml(name)}<span class="small">${[detail, ...disturbances].map(escapeHtml).join('<br>')}</span></td></tr>`,
  );
  return `<table class="checks">${rows.join('')}</table>`;
}

/** A row for each contender, a column for each kind of figure. */
function figures({ figures: all }: Report): string {
  const names = [...new Set(all.map(({ name }) => name))];
  const rows = [...new Set(all.map(({ of }) => of))].map((of) => {
    const cells = names.map((name) => {
      const one = all.find((other) => other.of === of && other.name === name);
      return `<td class="number">${one === undefined ? '–' : escapeHtml(figure(one))}</td>`;
    });
    return `<tr><th>${escapeHtml(of)}</th>${cells.join('')}</tr>`;
  });
  const titles = names.map((name) => `<th class="number">${escapeHtml(name)}</th>`);
  return `<div class="wide"><table><tr><th></th>${titles.join('')}</tr>${rows.join('')}</table></div>`;
}

function paidDebts({ paidDebts: all }: Report): string {
  const rows = all.map(
    ({ number, debt, costs, tunable }) =>
      `<tr><td class="number">${number}</td><td>${escapeHtml(debt)}</td><td>${escapeHtml(costs)}</td><td>${tunable ? 'tuning could pay it, too' : 'only extraction pays it'}</td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
}

function comparisons({ comparisons: all }: Report): string {
  const rows = all.map(({ first, second, larger, p }) => {
    return `<tr><td>${escapeHtml(first)} took longer than ${escapeHtml(second)}</td><td>in ${(larger * 100).toFixed(1)} % of pairs</td><td>${chance(p)}</td></tr>`;
  });
  return `<table>${rows.join('')}</table><p class="small">Mann-Whitney rank test, two-sided: it compares whole distributions and assumes no shape.</p>`;
}

function facts(report: Report): string {
  const { machine, notes, commit, seed, startedAt, tookMs, residentBytesByProcess, independentMedians } = report;
  const rows: [string, string][] = [
    ['measured', `${startedAt}, for ${(tookMs / 1000).toFixed(0)} s`],
    ['commit', commit],
    ['seed', String(seed)],
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${bytes(machine.memoryBytes)}, ${machine.platform}`],
    ['Node', machine.node],
    ...Object.entries(machine.stores),
    ...Object.entries(residentBytesByProcess).map(([name, size]): [string, string] => [
      `memory of ${name}`,
      bytes(size),
    ]),
    ...independentMedians.map(({ stage, closedLoopP50Ms, openLoopP50Ms, meshP50 }): [string, string] => [
      `independentMedians of ${stage}`,
      `p50: closed loop ${ms(closedLoopP50Ms)}, open loop ${ms(openLoopP50Ms)}${meshP50 ? `, the mesh's own histogram ${ms(meshP50.aboveMs)} to ${ms(meshP50.upToMs)}` : ''}`,
    ]),
  ];
  return `<table>${rows.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>
<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>`;
}
