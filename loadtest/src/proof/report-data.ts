import type { Percentiles, SpectrumPoint } from '../measure/latencies.ts';
import type { Machine } from '../measure/machine.ts';

/** One target under one profile, measured: what the JSON and the page hold of it. */
export interface Stage extends Percentiles {
  name: string;
  /** Who sent the load: `autocannon`, closed loop; or `open-loop`, by a schedule, timed from each request's due time. */
  driver: 'autocannon' | 'open-loop';
  connections: number;
  /** Offered load of the open loop; absent for the closed one. */
  offeredPerSecond?: number;
  /** Answered with 2xx. */
  requests: number;
  errors: number;
  errorKinds: Record<string, number>;
  /** Share of the requests that were owed and were answered with 2xx. Null where none were. */
  successPercent: number | null;
  requestsPerSecond: number;
  /** CPU of our processes on the path, per answered request. Null where /proc cannot tell. */
  cpuUsPerRequest: number | null;
  /** The same by process, and the store's. */
  cpuUsByProcess: Record<string, number>;
  residentBytesByProcess: Record<string, number>;
  /** 99th percentile of how late the open loop handed its requests out; null for the closed loop. In the latencies already. */
  sendLagP99Ms: number | null;
  /** Share (0 to 1) of the machine that was spent on neither the driver nor the watched processes. Null without /proc. */
  othersCpuShare: number | null;
  /** p50 of each round: the spread beside the median. */
  roundP50Ms: number[];
  spectrum: SpectrumPoint[];
  heat: HeatMap;
}

/** Counts of answers by time (columns) and latency (rows, each a tenth of a decade). */
export interface HeatMap {
  durationMs: number;
  columns: number;
  /** Lower bound of the first row, in milliseconds. */
  fromMs: number;
  rows: number;
  counts: number[][];
}

/** What one debt of the monolith costs on the path of a token: p50 with it minus p50 with it paid. */
export interface Cause {
  number: number;
  debt: string;
  summary: string;
  tunable: boolean;
  ms: number;
  /** Smallest and largest of the rounds' differences. */
  spreadMs: [number, number];
  /** CPU milliseconds of the monolith and its store that it costs a request: what a busy machine changes least. Null without /proc. */
  cpuMs: number | null;
  /** Requests that failed while it was priced. */
  errors: number;
}

export interface Check {
  name: string;
  pass: boolean;
  /** What was measured and what was asked, in one sentence. */
  detail: string;
}

export interface Witness {
  stage: string;
  closedLoopP50Ms: number;
  openLoopP50Ms: number;
  /** Bounds of the bucket in which the mesh's own histogram has the median; null where it has none. */
  meshP50: { aboveMs: number; upToMs: number } | null;
  /** Why the mesh's histogram is no witness here; null where it is one. */
  meshAbsent: string | null;
}

export interface Comparison {
  first: string;
  second: string;
  /** Share of pairs in which the first took longer. */
  larger: number;
  /** Two-sided probability that the difference is chance (Mann-Whitney). */
  p: number;
}

/** What a proof is about beside latencies: the load on a service, the time to recover, what a proxy adds. */
export interface Figure {
  /** Whose it is: the name of a stage or of a contender. */
  of: string;
  name: string;
  value: number;
  /** As it is read after the value: `ms`, `%`, `times`. */
  unit: string;
}

export interface Report {
  scenario: string;
  title: string;
  startedAt: string;
  tookMs: number;
  quick: boolean;
  commit: string;
  seed: number;
  machine: Machine;
  stages: Stage[];
  figures: Figure[];
  causes: Cause[];
  witnesses: Witness[];
  comparisons: Comparison[];
  residentBytesByProcess: Record<string, number>;
  notes: string[];
  verdict: { pass: boolean; checks: Check[] };
}
