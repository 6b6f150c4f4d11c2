/** What waits to be brought over of one resource. */
export interface Waiting {
  /** Changes. Null: it is not known how many. */
  changes: number | null;
  /** How long the oldest has waited, in ms. */
  ageMs: number;
}

/** From where on a backlog is one that a person must know of. */
export interface BacklogLimits {
  changes: number;
  ageMs: number;
  /** How long one of them must be exceeded: an import of thousands of products is none. */
  forMs: number;
}

const usual: BacklogLimits = { changes: 5_000, ageMs: 5_000, forMs: 15_000 };

/** The alarm of one resource: its follower stays behind. */
export class Backlog {
  readonly #limits: BacklogLimits;
  #beyondSinceMs: number | null = null;
  #latest: Waiting = { changes: 0, ageMs: 0 };
  /** Why the alarm is on; null: it is off. */
  alarm: string | null = null;

  constructor(limits: BacklogLimits = usual) {
    this.#limits = limits;
  }

  get latest(): Waiting {
    return this.#latest;
  }

  /**
   * Takes a look into account.
   *
   * @param nowMs monotonic
   * @returns whether the alarm was switched by it
   */
  look(nowMs: number, waiting: Waiting): 'on' | 'off' | null {
    this.#latest = waiting;
    const { changes, ageMs, forMs } = this.#limits;
    if ((waiting.changes ?? 0) <= changes && waiting.ageMs <= ageMs) {
      this.#beyondSinceMs = null;
      const was = this.alarm;
      this.alarm = null;
      return was === null ? null : 'off';
    }
    this.#beyondSinceMs ??= nowMs;
    if (nowMs - this.#beyondSinceMs < forMs) return null;
    const was = this.alarm;
    this.alarm = textOf(waiting);
    return was === null ? 'on' : null;
  }
}

function textOf({ changes, ageMs }: Waiting): string {
  const oldest = `the oldest for ${Math.round(ageMs / 1_000)} s`;
  return changes === null ? `changes wait, ${oldest}` : `${changes} changes wait, ${oldest}`;
}
