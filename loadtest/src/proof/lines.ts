import { scheduleSlackMs } from './disturbance.ts';
import type { Stage } from './report-data.ts';

const number = (value: number | null, width: number) =>
  (value === null ? '–' : value.toFixed(value >= 100 ? 0 : 2)).padStart(width);

export const stageTitles = `${'stage'.padEnd(28)}${'p50'.padStart(9)}${'p95'.padStart(9)}${'p99'.padStart(9)}${'max ms'.padStart(9)}${'req/s'.padStart(9)}${'CPU us'.padStart(9)}${'requests'.padStart(10)}  errors`;

/** What the table means, below it. */
export const stageLegend =
  'A failed request counts as the longest wait of its stage. –: too few requests for that percentile.';

/** One row of the table that a run prints while it goes. */
export function stageLine(stage: Stage): string {
  const { p50Ms, p95Ms, p99Ms, maxMs, requestsPerSecond, cpuUsPerRequest } = stage;
  const figures = [p50Ms, p95Ms, p99Ms, maxMs, requestsPerSecond, cpuUsPerRequest];
  return `${stage.name.padEnd(28)}${figures.map((figure) => number(figure, 9)).join('')}${String(stage.requests).padStart(10)}  ${stage.errors === 0 ? '0' : JSON.stringify(stage.errorKinds)}${scheduleNote(stage)}${othersNote(stage)}`;
}

function scheduleNote({ sendLagP99Ms }: Stage): string {
  if (sendLagP99Ms === null || sendLagP99Ms <= scheduleSlackMs) return '';
  return `  (schedule not kept: p99 ${sendLagP99Ms.toFixed(1)} ms late)`;
}

/** Work of other processes on this machine is in every latency; from a tenth of the machine on it is shown. */
function othersNote({ othersCpuShare }: Stage): string {
  if (othersCpuShare === null || othersCpuShare < 0.1) return '';
  return `  (others took ${Math.round(othersCpuShare * 100)} % of the machine)`;
}
