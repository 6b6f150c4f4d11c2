/** Time and chance, given to everything that needs them so that tests decide both. */
export interface Clock {
  /** Monotonic milliseconds, with fractions; only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970, for logs and traces. */
  wall(): number;
  /** Runs `task` once after `delayMs`; the function returned calls it off. */
  after(delayMs: number, task: () => void): () => void;
}

/** Uniform in [0, 1). */
export type Random = () => number;

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
