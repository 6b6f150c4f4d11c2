/** Between two looks at the monolith: the largest part of the lag. */
export const shortMs = 25;
/** Between two questions to a service that has not written for a while. The largest part of the lag of a first write. */
const longMs = 250;
/** After a round that failed. */
const afterFailureMs = 1_000;

/**
 * When a follower's next round is due. The monolith's notes are seen with one statement for all resources. A service is
 * asked: often while it writes, seldom while it does not. Times are monotonic ms.
 */
export class Pace {
  #dueMs = 0;
  #waitMs = shortMs;
  #failing = false;
  #brought = 0;

  /**
   * @param noted whether the monolith has notes; null: the service owns the resource
   * @param brought how many changes were brought over so far, also by rounds that others asked for
   */
  isDue(nowMs: number, noted: boolean | null, brought: number): boolean {
    if (brought !== this.#brought) {
      this.#brought = brought;
      this.#waitMs = shortMs;
      if (!this.#failing) this.#dueMs = Math.min(this.#dueMs, nowMs + shortMs);
    }
    if (this.#failing || noted === null) return nowMs >= this.#dueMs;
    return noted;
  }

  /** A round of this follower has ended. */
  ended(nowMs: number): void {
    this.#failing = false;
    this.#dueMs = nowMs + this.#waitMs;
    this.#waitMs = Math.min(this.#waitMs * 2, longMs);
  }

  failed(nowMs: number): void {
    this.#failing = true;
    this.#waitMs = shortMs;
    this.#dueMs = nowMs + afterFailureMs;
  }
}
