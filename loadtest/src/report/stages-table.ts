import { scheduleSlackMs } from '../proof/disturbance.ts';
import type { Stage } from '../proof/report-data.ts';
import { escapeHtml } from './escape-html.ts';
import { loadOf, ms, whole } from './figures.ts';
import { controlTag } from './first-screen.ts';

/** Rounded down: 100 % is said of no stage in which a request failed. */
function success({ successPercent }: Stage): string {
  return successPercent === null ? '–' : `${+(Math.floor(successPercent * 1000) / 1000).toFixed(3)} %`;
}

function errorsOf({ errors, errorKinds, control }: Stage): string {
  if (errors === 0) return '0';
  const kinds = Object.entries(errorKinds).map(([kind, count]) => `${whole(count)} ${escapeHtml(kind)}`);
  // The failures of a control are what it is there to show.
  return `<span class="${control ? 'quiet' : 'bad'}">${kinds.join('<br>')}</span>`;
}

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

/** All stages, a row each; controls are muted. */
export function stagesTable(stages: readonly Stage[]): string {
  const rows = stages.map((stage) => {
    const cpu = Object.entries(stage.cpuUsByProcess).map(([name, us]) => `${escapeHtml(name)} ${whole(us)}`);
    const told = stage.roundP50Ms.filter((value) => value !== null);
    const cells = [
      loadOf(stage),
      whole(stage.requests),
      errorsOf(stage),
      success(stage),
      `<b>${ms(stage.p50Ms)}</b>`,
      told.length < 2 ? '–' : `${ms(Math.min(...told))}–${ms(Math.max(...told))}`,
      ms(stage.p95Ms),
      ms(stage.p99Ms),
      ms(stage.p999Ms),
      ms(stage.maxMs),
      whole(stage.requestsPerSecond),
      cpu.join('<br>'),
      stage.othersCpuShare === null ? '–' : `${Math.round(stage.othersCpuShare * 100)} %`,
    ];
    const tag = stage.control ? ` ${controlTag}` : '';
    return `<tr${stage.control ? ' class="control"' : ''}><th>${escapeHtml(stage.name)}${tag}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<div class="wide"><table><tr>${titles.map((title) => `<th>${title}</th>`).join('')}</tr>${rows.join('')}</table></div>
<p class="small">A dash: the stage has too few requests for that percentile (p50 takes 6, p95 72, p99 368, p99.9 3,688; otherwise the true one may lie outside of all that was measured), or too few rounds. ${failuresNote(stages)}“Rounds”: lowest and highest median of the rounds. “Others”: share of the machine that work beside this run took; it slows every stage.</p>${lateness(stages)}`;
}

/** How failed requests are in the percentiles. */
function failuresNote(stages: readonly Stage[]): string {
  if (stages.every(({ errors }) => errors === 0)) return '';
  return 'A failed request is in every percentile, as the longest wait of its stage: a timeout of 5 s counts as 5 s. ';
}

/** An open loop that hands requests out late says so: its latencies hold the driver's delay, too. */
function lateness(stages: readonly Stage[]): string {
  const late = stages.filter(({ sendLagP99Ms }) => sendLagP99Ms !== null && sendLagP99Ms > scheduleSlackMs);
  if (late.length === 0) return '';
  const told = late.map(({ name, sendLagP99Ms }) => `<li>${escapeHtml(name)}: ${ms(sendLagP99Ms)} late or more</li>`);
  return `<p class="unsure">The schedule was not kept by the open loop, which is in its latencies. 1 % of the requests were handed out:</p><ul>${told.join('')}</ul>`;
}
