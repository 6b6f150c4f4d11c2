import { histogramOf, median, percentilesOf, spectrumOf } from '../measure/latencies.ts';
import { type Usage, usageOf } from '../measure/processes.ts';
import { errorCount, joinRuns, type Run } from '../measure/run.ts';
import { heatMapOf } from './heat-map.ts';
import type { Stage } from './report-data.ts';

/** A window with what the processes used in it. */
export interface Window {
  run: Run;
  /** CPU microseconds by process name, over the window. */
  cpuUs: Record<string, number>;
  residentBytes: Record<string, number>;
}

/** Processes whose use is counted: ours on the path, and the stores behind them. */
export interface Watched {
  ours: Record<string, number | null>;
  stores: Record<string, number | null>;
}

/** Runs a driver and reads the processes' use before and after. */
export async function measureWindow(watched: Watched, drive: () => Promise<Run>): Promise<Window> {
  const pids = { ...watched.ours, ...watched.stores };
  const before = usages(pids);
  const run = await drive();
  const after = usages(pids);
  const cpuUs: Record<string, number> = {};
  const residentBytes: Record<string, number> = {};
  for (const [name, usage] of Object.entries(after)) {
    const first = before[name];
    if (!usage || !first) continue;
    cpuUs[name] = usage.cpuUs - first.cpuUs;
    residentBytes[name] = usage.residentBytes;
  }
  return { run, cpuUs, residentBytes };
}

function usages(pids: Record<string, number | null>): Record<string, Usage | null> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, pid === null ? null : usageOf(pid)]));
}

export interface StageProfile {
  name: string;
  driver: Stage['driver'];
  connections: number;
  offeredPerSecond?: number;
  /** Names of the watched processes that are ours: the store's CPU is told, but not added. */
  ours: readonly string[];
}

/** Sums the windows of a stage up. Histograms are merged; percentiles are never averaged. */
export function summarise(profile: StageProfile, windows: readonly Window[]): Stage {
  const joined = joinRuns(windows.map(({ run }) => run));
  const histogram = histogramOf(joined.latencyMs);
  const requests = joined.latencyMs.length;
  const cpuUsByProcess: Record<string, number> = {};
  for (const name of new Set(windows.flatMap(({ cpuUs }) => Object.keys(cpuUs)))) {
    cpuUsByProcess[name] = windows.reduce((sum, { cpuUs }) => sum + (cpuUs[name] ?? 0), 0) / Math.max(1, requests);
  }
  const ours = profile.ours.map((name) => cpuUsByProcess[name]).filter((cpu) => cpu !== undefined);
  const { name, driver, connections, offeredPerSecond } = profile;
  return {
    name,
    driver,
    connections,
    ...(offeredPerSecond === undefined ? {} : { offeredPerSecond }),
    requests,
    errors: errorCount(joined),
    errorKinds: joined.dropped > 0 ? { ...joined.errors, dropped: joined.dropped } : joined.errors,
    requestsPerSecond: requests / (joined.durationMs / 1000),
    cpuUsPerRequest: ours.length === 0 ? null : ours.reduce((sum, cpu) => sum + cpu, 0),
    cpuUsByProcess,
    residentBytesByProcess: windows.at(-1)?.residentBytes ?? {},
    ...percentilesOf(histogram),
    roundP50Ms: windows.map(({ run }) => median(run.latencyMs)),
    spectrum: spectrumOf(histogram),
    heat: heatMapOf(joined),
  };
}
