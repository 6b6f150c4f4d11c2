import { TimerWheel } from './timer-wheel.ts';

/** Time and chance, given to everything that needs them so that tests decide both. */
export interface Clock {
  /** Monotonic milliseconds, with fractions; only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970, for logs and traces. */
  wall(): number;
  /** Runs `task` once after `delayMs`, never earlier (from a tenth of a second on, up to 20 ms later); the function returned calls it off. */
  after(delayMs: number, task: () => void): () => void;
}

/** Uniform in [0, 1). */
export type Random = () => number;

/** From this on a delay is a deadline or a timeout, which are many, and nearly all of them called off. */
const wheelMsMin = 100;
const wheel = new TimerWheel(() => performance.now());

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, task) {
    if (delayMs >= wheelMsMin) return wheel.after(delayMs, task);
    // The event loop counts whole milliseconds, and a timer that starts within one runs up to one early.
    const timer = setTimeout(task, Math.ceil(delayMs) + 1);
    return () => clearTimeout(timer);
  },
};
