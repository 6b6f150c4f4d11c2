import { cpus } from 'node:os';
import { histogramOf, median, percentilesOf, spectrumOf } from '../measure/latencies.ts';
import { machineBusyUs } from '../measure/machine-load.ts';
import { type Usage, usageOf } from '../measure/processes.ts';
import { allLatencies, errorCount, failureMs, joinRuns, type Run } from '../measure/run.ts';
import { heatMapOf } from './heat-map.ts';
import type { Stage } from './report-data.ts';

/** A window with what the processes used in it. */
export interface Window {
  run: Run;
  /** CPU microseconds by process name, over the window. */
  cpuUs: Record<string, number>;
  residentBytes: Record<string, number>;
  /** CPU microseconds that all else on this machine used meanwhile: others' work, which the latencies paid for. */
  othersCpuUs: number | null;
  /** Between the two looks at the processes: longer than the run, by the driver's own start. */
  lookMs: number;
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
  const busyBefore = machineBusyUs();
  const driverBefore = process.cpuUsage();
  const from = performance.now();
  const run = await drive();
  const lookMs = performance.now() - from;
  const driver = process.cpuUsage(driverBefore);
  const busyAfter = machineBusyUs();
  const after = usages(pids);
  const cpuUs: Record<string, number> = {};
  const residentBytes: Record<string, number> = {};
  for (const [name, usage] of Object.entries(after)) {
    const first = before[name];
    if (!usage || !first) continue;
    cpuUs[name] = usage.cpuUs - first.cpuUs;
    residentBytes[name] = usage.residentBytes;
  }
  // Nothing of what is measured can be watched (it runs in other containers): its own work would count as others'.
  const blind = Object.values(pids).every((pid) => pid === null);
  const known = Object.values(cpuUs).reduce((sum, us) => sum + us, driver.user + driver.system);
  const othersCpuUs =
    blind || busyBefore === null || busyAfter === null ? null : Math.max(0, busyAfter - busyBefore - known);
  return { run, cpuUs, residentBytes, othersCpuUs, lookMs };
}

function usages(pids: Record<string, number | null>): Record<string, Usage | null> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, pid === null ? null : usageOf(pid)]));
}

export interface StageProfile {
  name: string;
  /** False where absent. */
  control?: boolean;
  driver: Stage['driver'];
  connections: number;
  offeredPerSecond?: number;
  /** Names of the watched processes that are ours: the store's CPU is shown, but not added. */
  ours: readonly string[];
}

/** Sums the windows of a stage up, failed requests among them. Samples are joined; percentiles are never averaged. */
export function summarize(profile: StageProfile, windows: readonly Window[]): Stage {
  const joined = joinRuns(windows.map(({ run }) => run));
  const histogram = histogramOf(allLatencies(joined));
  const requests = joined.latencyMs.length;
  const errors = errorCount(joined);
  const owed = requests + errors;
  const cpuUsByProcess: Record<string, number> = {};
  for (const name of new Set(windows.flatMap(({ cpuUs }) => Object.keys(cpuUs)))) {
    cpuUsByProcess[name] =
      windows.reduce((sum, { cpuUs }) => sum + (cpuUs[name] ?? 0), 0) / Math.max(1, requests + joined.warmUps);
  }
  const ours = profile.ours.map((name) => cpuUsByProcess[name]).filter((cpu) => cpu !== undefined);
  const { name, driver, connections, offeredPerSecond, control = false } = profile;
  return {
    name,
    control,
    driver,
    connections,
    ...(offeredPerSecond === undefined ? {} : { offeredPerSecond }),
    requests,
    errors,
    errorKinds: joined.dropped > 0 ? { ...joined.errors, dropped: joined.dropped } : joined.errors,
    failuresCountAsMs: errors === 0 ? null : failureMs(joined),
    successPercent: owed === 0 ? null : (100 * requests) / owed,
    requestsPerSecond: requests / (joined.durationMs / 1000),
    cpuUsPerRequest: ours.length === 0 || requests === 0 ? null : ours.reduce((sum, cpu) => sum + cpu, 0),
    cpuUsByProcess,
    residentBytesByProcess: windows.at(-1)?.residentBytes ?? {},
    ...percentilesOf(histogram),
    sendLagP99Ms: joined.sendLagMs.length === 0 ? null : histogramOf(joined.sendLagMs).getValueAtPercentile(99) / 1000,
    othersCpuShare: othersShare(windows),
    roundP50Ms: windows.map(({ run }) => median(allLatencies(run))),
    spectrum: spectrumOf(histogram),
    heat: heatMapOf(joined),
  };
}

function othersShare(windows: readonly Window[]): number | null {
  const known = windows.filter(({ othersCpuUs }) => othersCpuUs !== null);
  const lastedUs = known.reduce((sum, { lookMs }) => sum + lookMs * 1000, 0) * cpus().length;
  if (lastedUs === 0) return null;
  return Math.min(1, known.reduce((sum, { othersCpuUs }) => sum + (othersCpuUs ?? 0), 0) / lastedUs);
}
