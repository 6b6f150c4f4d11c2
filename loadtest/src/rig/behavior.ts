/** How an instance of a made-up service behaves. It can be changed while it runs. */
export interface Behavior {
  /** Median and standard deviation of the time it takes, in milliseconds; 0 replies at once. */
  medianMs: number;
  sdMs: number;
  /** Share of requests answered with 503 (0 to 1), and how much longer those take. */
  failShare: number;
  failExtraMs: number;
  /** Never replies. */
  hangs: boolean;
  /** Length of the body. */
  bodyBytes: number;
}

export const healthy: Behavior = { medianMs: 0, sdMs: 0, failShare: 0, failExtraMs: 0, hangs: false, bodyBytes: 1024 };

/** A value of the normal distribution (Box and Muller 1958). */
export function normal(mean: number, sd: number, random: () => number): number {
  return mean + sd * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** What one request meets. Null: no reply, ever. */
export function outcomeOf(behavior: Behavior, random: () => number): { status: number; afterMs: number } | null {
  if (behavior.hangs) return null;
  const afterMs = Math.max(0, normal(behavior.medianMs, behavior.sdMs, random));
  const fails = random() < behavior.failShare;
  return { status: fails ? 503 : 200, afterMs: fails ? afterMs + behavior.failExtraMs : afterMs };
}
