/** Something that happens to the rig at a time from the start of a window, in milliseconds. */
export interface Event {
  atMs: number;
  happen: () => void;
}

/** Runs `drive` while the events happen at their times; resolves with its result when both have ended. */
export async function withTimeline<T>(events: readonly Event[], drive: () => Promise<T>): Promise<T> {
  const timers = events.map(({ atMs, happen }) => setTimeout(happen, atMs));
  try {
    return await drive();
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}
