/** Milliseconds on a scale that all threads of this process share; `performance.now()` starts at zero in each. */
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

export const slotBytes = 16;

/** The two halves of the shared memory: a number that goes up with each appointment, and when it is. */
export function appointment(shared: SharedArrayBuffer): { number: Int32Array; dueMs: { 0: number } } {
  return {
    number: new Int32Array(shared, 0, 1),
    dueMs: new Float64Array(shared, 8, 1) as Float64Array & { 0: number },
  };
}
