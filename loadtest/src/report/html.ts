import { scheduleSlackMs } from '../proof/lines.ts';
import type { Report, Stage } from '../proof/report-data.ts';
import { escapeHtml } from './escape-html.ts';
import { bytes, figure, loadOf, ms, whole } from './figures.ts';
import { heatMaps } from './heat-map-svg.ts';
import { ledger } from './ledger-svg.ts';
import { percentileCurves } from './percentile-svg.ts';
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
${headline(report)}
${verdict(report)}
${report.figures.length > 0 ? section('Figures', figures(report)) : ''}
${section('Stages', stages(report))}
${section('How long requests took, whole', percentileCurves(report.stages))}
${report.causes.length > 0 ? section('Where the milliseconds go', ledger(report)) : ''}
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

/** Share of the machine from which on the work of others is worth a warning. */
const busyShare = 0.3;

/** Errors come first: a latency is only worth as much as the share of requests that have one. */
function headline({ title, stages, causes, verdict: { pass }, quick }: Report): string {
  const errors = [...stages, ...causes].reduce((sum, one) => sum + one.errors, 0);
  const warning = errors > 0 ? `<p class="bad">${whole(errors)} requests of this run failed: see the stages.</p>` : '';
  const others = Math.max(0, ...stages.map(({ othersCpuShare }) => othersCpuShare ?? 0));
  const busy =
    others >= busyShare
      ? `<p class="bad">Work beside this run took up to ${Math.round(others * 100)} % of the machine: its latencies say more about that than about the stages.</p>`
      : '';
  return `${warning}${busy}<h1>${escapeHtml(title)}</h1>
<p class="${pass ? 'good' : 'bad'} verdict">${pass ? 'The verdict holds.' : 'The verdict fails.'}${quick ? ' (quick run: fewer samples, wider spread)' : ''}</p>`;
}

function verdict({ verdict: { checks } }: Report): string {
  const rows = checks.map(
    ({ name, pass, detail }) =>
      `<tr><td class="${pass ? 'good' : 'bad'}">${pass ? 'holds' : 'fails'}</td><td>${escapeHtml(name)}</td><td>${escapeHtml(detail)}</td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
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

/** Rounded down: 100 % is said of no stage in which a request failed. */
function success({ successPercent }: Stage): string {
  return successPercent === null ? '–' : `${+(Math.floor(successPercent * 1000) / 1000).toFixed(3)} %`;
}

function stages({ stages }: Report): string {
  const rows = stages.map((stage) => {
    const cpu = Object.entries(stage.cpuUsByProcess).map(([name, us]) => `${escapeHtml(name)} ${whole(us)}`);
    const [low, high] = [Math.min(...stage.roundP50Ms), Math.max(...stage.roundP50Ms)];
    const errors =
      stage.errors === 0
        ? '0'
        : `<span class="bad">${Object.entries(stage.errorKinds)
            .map(([kind, count]) => `${whole(count)} ${escapeHtml(kind)}`)
            .join('<br>')}</span>`;
    const cells = [
      loadOf(stage),
      whole(stage.requests),
      errors,
      success(stage),
      `<b>${ms(stage.p50Ms)}</b>`,
      `${ms(low)}–${ms(high)}`,
      ms(stage.p95Ms),
      ms(stage.p99Ms),
      ms(stage.p999Ms),
      ms(stage.maxMs),
      whole(stage.requestsPerSecond),
      cpu.join('<br>'),
      stage.othersCpuShare === null ? '–' : `${Math.round(stage.othersCpuShare * 100)} %`,
    ];
    return `<tr><th>${escapeHtml(stage.name)}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const titles = [
    'stage',
    'load',
    'answered',
    'errors',
    'success',
    'p50',
    'rounds',
    'p95',
    'p99',
    'p99.9',
    'max',
    'per second',
    'CPU µs a request',
    'others',
  ];
  return `<div class="wide"><table><tr>${titles.map((title) => `<th>${title}</th>`).join('')}</tr>${rows.join('')}</table></div>
<p class="small">p99.9 of fewer than a thousand requests is their slowest one. “Rounds”: lowest and highest p50 of the rounds. “Others”: share of the machine that work beside this run took; it slows every stage.</p>${lateness(stages)}`;
}

/** An open loop that hands requests out late tells so: its latencies hold the driver's delay too. */
function lateness(stages: readonly Stage[]): string {
  const late = stages.filter(({ sendLagP99Ms }) => sendLagP99Ms !== null && sendLagP99Ms > scheduleSlackMs);
  if (late.length === 0) return '';
  const told = late.map(
    ({ name, sendLagP99Ms }) => `<li>${escapeHtml(name)}: ${ms(sendLagP99Ms ?? 0)} late or more</li>`,
  );
  return `<p class="bad">The schedule was not kept by the open loop, which is in its latencies. 1 % of the requests were handed out:</p><ul>${told.join('')}</ul>`;
}

function comparisons({ comparisons: all }: Report): string {
  const rows = all.map(({ first, second, larger, p }) => {
    const chance = p < 0.0001 ? 'p < 0.0001' : `p = ${p.toFixed(4)}`;
    return `<tr><td>${escapeHtml(first)} took longer than ${escapeHtml(second)}</td><td>in ${(larger * 100).toFixed(1)} % of pairs</td><td>${escapeHtml(chance)}</td></tr>`;
  });
  return `<table>${rows.join('')}</table><p class="small">Mann-Whitney rank test, two-sided: it compares whole distributions and assumes no shape.</p>`;
}

function facts(report: Report): string {
  const { machine, notes, commit, seed, startedAt, tookMs, residentBytesByProcess, witnesses } = report;
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
    ...witnesses.map(({ stage, closedLoopP50Ms, openLoopP50Ms, meshP50 }): [string, string] => [
      `witnesses of ${stage}`,
      `p50: closed loop ${ms(closedLoopP50Ms)}, open loop ${ms(openLoopP50Ms)}${meshP50 ? `, the mesh's own histogram ${ms(meshP50.aboveMs)} to ${ms(meshP50.upToMs)}` : ''}`,
    ]),
  ];
  return `<table>${rows.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>
<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>`;
}
