import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { appointment, monotonicMs, slotBytes } from './metronome-slot.ts';
import type { OpenLoopClock } from './open-loop-core.ts';

/** How long before a due time the thread wakes: its message takes about 0.1 ms, and nothing is sent early. */
const earlyMs = 0.15;

/**
 * A clock that keeps appointments to a few microseconds for a tenth of a core at 1,000 a second. Timers are a millisecond
 * coarse; looking at the clock between them takes a whole core, which on a small machine is taken from what is measured.
 * One appointment at a time.
 */
export async function metronome(): Promise<OpenLoopClock & { stop(): Promise<void> }> {
  const shared = new SharedArrayBuffer(slotBytes);
  const { number, dueMs } = appointment(shared);
  const worker = new Worker(new URL('./metronome-worker.ts', import.meta.url), { workerData: shared });
  await once(worker, 'online');
  let keep = () => {};
  worker.on('message', () => keep());
  return {
    now: monotonicMs,
    at(atMs, call) {
      const look = () => (monotonicMs() >= atMs ? call() : void setImmediate(look));
      // Behind schedule: one request per iteration of the event loop, so that replies are read in between.
      if (atMs - earlyMs <= monotonicMs()) return void setImmediate(look);
      keep = look;
      dueMs[0] = atMs - earlyMs;
      Atomics.add(number, 0, 1);
      Atomics.notify(number, 0);
    },
    stop: async () => void (await worker.terminate()),
  };
}
