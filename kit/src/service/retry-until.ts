/** Waits between attempts of a start-up step. */
export interface BackOff {
  firstMs: number;
  maxMs: number;
}

/**
 * Runs `step` until it succeeds or the signal aborts. The wait between attempts doubles up to `maxMs`. For start-up
 * only: requests are retried by the mesh.
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
