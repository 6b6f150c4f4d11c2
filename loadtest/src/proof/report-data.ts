import type { Percentiles, SpectrumPoint } from '../measure/latencies.ts';
import type { Machine } from '../measure/machine.ts';

/** One target under one profile, measured: what the JSON and the page hold of it. */
export interface Stage extends Percentiles {
  name: string;
  /** What the gain is measured against (`legacy`, no mesh, no breaker): its failures are expected, or are another's. */
  control: boolean;
  /** The driver: `autocannon`, closed loop; or `open-loop`, by a schedule, timed from each request's due time. */
  driver: 'autocannon' | 'open-loop';
  connections: number;
  /** Offered load of the open loop; absent for the closed one. */
  offeredPerSecond?: number;
  /** Answered with 2xx. */
  requests: number;
  errors: number;
  errorKinds: Record<string, number>;
  /**
   * How long each failed request counts as in the percentiles, the curve and the rounds: the longest wait of the stage,
   * its timeouts' among them. Null where none failed.
   */
  failuresCountAsMs: number | null;
  /** Share of the requests that were due and were answered with 2xx. Null where none were. */
  successPercent: number | null;
  requestsPerSecond: number;
  /** CPU of our processes on the path, per answered request. Null where /proc cannot tell. */
  cpuUsPerRequest: number | null;
  /** The same by process, and the store's. */
  cpuUsByProcess: Record<string, number>;
  residentBytesByProcess: Record<string, number>;
  /**
   * 99th percentile of how late the open loop handed its requests out; null for the closed loop. In the latencies
   * already.
   */
  sendLagP99Ms: number | null;
  /**
   * Share (0 to 1) of the machine that was spent on neither the driver nor the watched processes. Null without /proc.
   */
  othersCpuShare: number | null;
  /** Median of each round: the spread beside p50. */
  roundP50Ms: (number | null)[];
  spectrum: SpectrumPoint[];
  heat: HeatMap;
}

/** Counts of replies by time (columns) and latency (rows, each a tenth of a decade). */
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
  /**
   * CPU milliseconds of the monolith and its store that it costs a request: what a busy machine changes least. Null
   * without /proc.
   */
  cpuMs: number | null;
  /** Requests that failed while it was priced. */
  errors: number;
}

/** A debt of the monolith that a service is rid of, as the monolith's list of debts states it. */
export interface PaidDebt {
  number: number;
  debt: string;
  /** What it costs, in words. */
  costs: string;
  /** Whether tuning the monolith could pay it, too. */
  tunable: boolean;
}

/** `inconclusive`: it did not hold, and something disturbed the measurement. */
export type Outcome = 'pass' | 'fail' | 'inconclusive';

export interface Check {
  name: string;
  outcome: Outcome;
  /** What was measured and what is required, in one sentence. */
  detail: string;
  /** What disturbed an inconclusive check, a sentence each. */
  disturbances: string[];
}

/** The same median, measured in ways that do not depend on each other. Null: too few requests. */
export interface IndependentMedians {
  stage: string;
  closedLoopP50Ms: number | null;
  openLoopP50Ms: number | null;
  /** The open loop's median of a server that does nothing, in the same rounds. */
  floorP50Ms: number | null;
  /** Bounds of the bucket in which the mesh's own histogram has the median; null where it tells nothing. */
  meshP50: { aboveMs: number; upToMs: number } | null;
  /** Why the mesh's histogram tells nothing here; null where it does. */
  meshAbsent: string | null;
}

/** One bar of the chart at the top of the page. */
export interface Bar {
  label: string;
  /** Null: too few requests. */
  value: number | null;
  control: boolean;
}

/** The summary for a talk. */
export interface Headline {
  /** What was done, in a sentence. */
  done: string;
  /** The gain, in one large figure: `1,206 times faster`. */
  figure: string;
  /** From what to what: `415 ms → 0.34 ms`. */
  change: string;
  /** The stages that `change` compares, the control first: their rounds and rank test are shown beside it. */
  stages: [string, string];
  chart: { title: string; unit: string; bars: Bar[] };
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
  /** The name of a stage or of a contender. */
  of: string;
  name: string;
  /** Null (or no number, before it is JSON): too few requests. */
  value: number | null;
  /** As it is read after the value: `ms`, `%`, `times`. */
  unit: string;
}

export interface Report {
  scenario: string;
  title: string;
  headline: Headline;
  startedAt: string;
  tookMs: number;
  quick: boolean;
  commit: string;
  seed: number;
  machine: Machine;
  stages: Stage[];
  figures: Figure[];
  /** The ledger of the proof `token`: of its stages `legacy`, `tuned` and `extracted`. */
  causes: Cause[];
  /** The debts that the measured service pays off. */
  paidDebts: PaidDebt[];
  independentMedians: IndependentMedians[];
  comparisons: Comparison[];
  residentBytesByProcess: Record<string, number>;
  notes: string[];
  verdict: { outcome: Outcome; checks: Check[] };
}
