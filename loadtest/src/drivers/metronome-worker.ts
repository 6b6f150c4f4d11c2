import { parentPort, workerData } from 'node:worker_threads';
import { appointment, monotonicMs } from './metronome-slot.ts';

const { number, dueMs } = appointment(workerData as SharedArrayBuffer);
const nap = new Int32Array(new SharedArrayBuffer(4));

// Blocks its thread on purpose: a futex wakes within some 50 us, an event loop's timer within a millisecond.
for (let seen = 0; ; ) {
  Atomics.wait(number, 0, seen);
  seen = Atomics.load(number, 0);
  // An appointment in the past is kept at once.
  for (let left = dueMs[0] - monotonicMs(); left > 0; left = dueMs[0] - monotonicMs()) Atomics.wait(nap, 0, 0, left);
  parentPort?.postMessage(seen);
}
