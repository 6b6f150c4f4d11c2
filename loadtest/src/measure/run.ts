/** What one driver saw of one target in one window. Times in milliseconds, fractions kept. */
export interface Run {
  /** When each answered request was due, from the start of the window. */
  atMs: number[];
  /** How long it took from then to the last byte of the reply; same index. */
  latencyMs: number[];
  /** Requests that got no 2xx reply, by what happened: `status 503`, `timeout`, `connection` … */
  errors: Record<string, number>;
  /** The longest that a failed request waited from when it was due; 0 where none failed or none says. */
  longestFailedMs: number;
  /** Requests that were due and never sent, because the limit of outstanding ones was reached. */
  dropped: number;
  /** Requests that were sent and answered before the window began, thrown away: they cost CPU like the others. */
  warmUps: number;
  /** How long after its due time each request of an open loop was handed out; empty for a closed one. */
  sendLagMs: number[];
  /** Length of the window. */
  durationMs: number;
}

export function emptyRun(): Run {
  return {
    atMs: [],
    latencyMs: [],
    errors: {},
    longestFailedMs: 0,
    dropped: 0,
    warmUps: 0,
    sendLagMs: [],
    durationMs: 0,
  };
}

/** Errors of all kinds, dropped requests among them: every request that was due and brought no success. */
export function errorCount(run: Run): number {
  return Object.values(run.errors).reduce((sum, count) => sum + count, run.dropped);
}

/** What each failed request counts as: the longest wait of the run, with success or without. Milliseconds. */
export function failureMs({ latencyMs, longestFailedMs }: Pick<Run, 'latencyMs' | 'longestFailedMs'>): number {
  return latencyMs.reduce((longest, ms) => Math.max(longest, ms), longestFailedMs);
}

/**
 * How long every request that was due took, the failed ones at the end. A failed request counts as the longest wait of
 * the run (a timeout of 5 s is 5 s): so a target does not look fast by failing, neither slowly nor at once.
 */
export function allLatencies(run: Run): number[] {
  const failed = errorCount(run);
  return failed === 0 ? run.latencyMs : [...run.latencyMs, ...new Array<number>(failed).fill(failureMs(run))];
}

/** Windows of the same target, one after the other: samples are joined, never percentiles. */
export function joinRuns(runs: readonly Run[]): Run {
  const joined = emptyRun();
  for (const run of runs) {
    for (const at of run.atMs) joined.atMs.push(joined.durationMs + at);
    for (const latency of run.latencyMs) joined.latencyMs.push(latency);
    for (const [kind, count] of Object.entries(run.errors)) joined.errors[kind] = (joined.errors[kind] ?? 0) + count;
    for (const lag of run.sendLagMs) joined.sendLagMs.push(lag);
    joined.longestFailedMs = Math.max(joined.longestFailedMs, run.longestFailedMs);
    joined.warmUps += run.warmUps;
    joined.dropped += run.dropped;
    joined.durationMs += run.durationMs;
  }
  return joined;
}
