import type { Run } from '../measure/run.ts';
import type { HeatMap } from './report-data.ts';

const fromMs = 0.1;
const rowsPerDecade = 10;
const rows = 50; // 0.1 ms to 10 s

/** Counts replies by when they were due and by how long they took, on a logarithmic scale. */
export function heatMapOf(run: Run, columns = 60): HeatMap {
  const counts = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  for (const [i, at] of run.atMs.entries()) {
    const column = Math.min(columns - 1, Math.max(0, Math.floor((at / run.durationMs) * columns)));
    const latency = run.latencyMs[i] ?? 0;
    const row = Math.floor(Math.log10(Math.max(latency, fromMs) / fromMs) * rowsPerDecade);
    const line = counts[Math.min(rows - 1, row)];
    if (line) line[column] = (line[column] ?? 0) + 1;
  }
  return { durationMs: run.durationMs, columns, fromMs, rows, counts };
}
