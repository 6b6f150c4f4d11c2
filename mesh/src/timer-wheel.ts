/** A timer that has not run. */
interface Timer {
  readonly dueTick: number;
  readonly task: () => void;
  previous: Timer | null;
  next: Timer | null;
  slot: number;
}

/** Length of a tick, ms: a timer runs up to two ticks late. */
const tickMs = 10;
/** Slots of one round of the wheel; a timer that is due later stays in its slot for several rounds. */
const slotCount = 512;

/**
 * Timers that are almost all canceled: deadlines, timeouts. Setting or canceling one changes two links, while the event
 * loop's own timers cost a microsecond each (Varghese and Lauck, Hashed and Hierarchical Timing Wheels, 1987). None
 * runs early.
 */
export class TimerWheel {
  readonly #now: () => number;
  readonly #slots: (Timer | null)[] = new Array(slotCount).fill(null);
  #pending = 0;
  /** All timers due up to this tick have run. */
  #tick = 0;
  #ticking: NodeJS.Timeout | null = null;

  /** @param now monotonic ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Timers that have neither run nor been canceled. */
  get pending(): number {
    return this.#pending;
  }

  /** Runs `task` once after `delayMs`, or up to 20 ms later. The returned function cancels it. */
  after(delayMs: number, task: () => void): () => void {
    const nowMs = this.#now();
    if (this.#ticking === null) {
      this.#tick = Math.floor(nowMs / tickMs);
      this.#ticking = setInterval(this.#advance, tickMs);
    }
    const dueTick = Math.ceil((nowMs + delayMs) / tickMs);
    const slot = dueTick % slotCount;
    const first = this.#slots[slot] ?? null;
    const timer: Timer = { dueTick, task, previous: null, next: first, slot };
    if (first !== null) first.previous = timer;
    this.#slots[slot] = timer;
    this.#pending += 1;
    return () => this.#remove(timer);
  }

  #remove(timer: Timer): void {
    if (timer.slot < 0) return;
    if (timer.previous === null) this.#slots[timer.slot] = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next !== null) timer.next.previous = timer.previous;
    timer.slot = -1;
    this.#pending -= 1;
  }

  readonly #advance = (): void => {
    const nowTick = Math.floor(this.#now() / tickMs);
    // After a long stop each slot is visited once, not once for each missed tick.
    const from = Math.max(this.#tick + 1, nowTick - slotCount + 1);
    this.#tick = nowTick;
    const due: Timer[] = [];
    for (let tick = from; tick <= nowTick; tick += 1) {
      for (let timer = this.#slots[tick % slotCount] ?? null; timer !== null; timer = timer.next) {
        if (timer.dueTick <= nowTick) due.push(timer);
      }
    }
    // Slots begin with the youngest timer; of timers that are due together the oldest runs first.
    due.reverse().sort((a, b) => a.dueTick - b.dueTick);
    for (const timer of due) {
      // A timer that ran before may have canceled it.
      if (timer.slot < 0) continue;
      this.#remove(timer);
      timer.task();
    }
    if (this.#pending > 0 || this.#ticking === null) return;
    clearInterval(this.#ticking);
    this.#ticking = null;
  };
}
