import type { Stage } from './report-data.ts';

const number = (value: number, width: number) => value.toFixed(value >= 100 ? 0 : 2).padStart(width);

/** Beyond this the open loop could not keep its schedule: the lag is in the latencies, and is the driver's, not the target's. */
export const scheduleSlackMs = 5;

export const stageTitles = `${'stage'.padEnd(28)}${'p50'.padStart(9)}${'p95'.padStart(9)}${'p99'.padStart(9)}${'max ms'.padStart(9)}${'req/s'.padStart(9)}${'CPU us'.padStart(9)}${'requests'.padStart(10)}  errors`;

/** One row of the table that a run prints while it goes. */
export function stageLine(stage: Stage): string {
  const cpu = stage.cpuUsPerRequest === null ? '-'.padStart(9) : number(stage.cpuUsPerRequest, 9);
  const figures = [stage.p50Ms, stage.p95Ms, stage.p99Ms, stage.maxMs, stage.requestsPerSecond];
  return `${stage.name.padEnd(28)}${figures.map((figure) => number(figure, 9)).join('')}${cpu}${String(stage.requests).padStart(10)}  ${stage.errors === 0 ? '0' : JSON.stringify(stage.errorKinds)}${scheduleNote(stage)}${othersNote(stage)}`;
}

function scheduleNote({ sendLagP99Ms }: Stage): string {
  if (sendLagP99Ms === null || sendLagP99Ms <= scheduleSlackMs) return '';
  return `  (schedule not kept: p99 ${sendLagP99Ms.toFixed(1)} ms late)`;
}

/** Work of others on this machine is in every latency; a tenth of it is told. */
function othersNote({ othersCpuShare }: Stage): string {
  if (othersCpuShare === null || othersCpuShare < 0.1) return '';
  return `  (others took ${Math.round(othersCpuShare * 100)} % of the machine)`;
}
