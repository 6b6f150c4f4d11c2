/** How often a start-up step is tried again while a store is not up yet. */
export interface BackOff {
  firstMs: number;
  maxMs: number;
}

/**
 * Runs `step` until it succeeds or the signal says to stop, waiting between tries, each time twice as long. For start-up
 * only: while requests are served, retries are the mesh's.
 */
export async function retryUntilDone(
  step: () => Promise<void>,
  onFailure: (error: unknown) => void,
  signal: AbortSignal,
  { firstMs, maxMs }: BackOff = { firstMs: 100, maxMs: 2_000 },
): Promise<void> {
  for (let waitMs = firstMs; !signal.aborted; waitMs = Math.min(waitMs * 2, maxMs)) {
    try {
      await step();
      return;
    } catch (error) {
      onFailure(error);
    }
    await pause(waitMs, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
