import { TimerWheel } from './timer-wheel.ts';

/** Time, as a parameter of everything that needs it, so that tests control it. */
export interface Clock {
  /** Monotonic milliseconds, with fractions; only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970, for logs and traces. */
  wall(): number;
  /**
   * Runs `task` once after `delayMs`, never earlier (from a tenth of a second on, up to 20 ms later). The returned
   * function cancels it.
   */
  after(delayMs: number, task: () => void): () => void;
}

/** Uniform in [0, 1). */
export type Random = () => number;

/** Longer delays use the wheel: they are deadlines and timeouts, many, and almost all canceled. */
const wheelMsMin = 100;
const wheel = new TimerWheel(() => performance.now());

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, task) {
    if (delayMs >= wheelMsMin) return wheel.after(delayMs, task);
    // The event loop counts whole milliseconds, and a timer may run up to one early.
    const timer = setTimeout(task, Math.ceil(delayMs) + 1);
    return () => clearTimeout(timer);
  },
};
