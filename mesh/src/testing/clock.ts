import type { Clock } from '../clock.ts';

/** A clock that a test moves. */
export interface TestClock extends Clock {
  /** Advances the time, and runs the timers that become due, in their order. */
  advance(ms: number): void;
}

export function testClock(): TestClock {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; task: () => void }>();
  return {
    now: () => nowMs,
    wall: () => 1_700_000_000_000 + nowMs,
    after(delayMs, task) {
      const timer = { atMs: nowMs + delayMs, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.task();
      }
      nowMs = endMs;
    },
  };
}

/** A clock that stands still. Its timers run when the test says so. */
export interface StandingClock extends Clock {
  /** Runs all waiting timers, whenever they are due. */
  runWaiting(): void;
  /** The delays of the waiting timers, ms. */
  waiting(): number[];
}

export function standingClock(): StandingClock {
  let tasks: { delayMs: number; task: () => void }[] = [];
  return {
    now: () => 0,
    wall: () => 0,
    after(delayMs, task) {
      const entry = { delayMs, task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((other) => other !== entry);
      };
    },
    runWaiting() {
      const due = tasks;
      tasks = [];
      for (const { task } of due) task();
    },
    waiting: () => tasks.map(({ delayMs }) => delayMs),
  };
}
