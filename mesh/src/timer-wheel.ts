/** A timer that has not run. */
interface Timer {
  readonly dueTick: number;
  readonly task: () => void;
  previous: Timer | null;
  next: Timer | null;
  slot: number;
}

/** Length of a tick, ms: a timer runs up to two of them late. */
const tickMs = 10;
/** Slots of one turn; a timer due later stays in its slot for as many turns as it takes. */
const slotCount = 512;

/**
 * Timers of which nearly all are called off: deadlines, timeouts. Setting one and calling it off is a change of two links,
 * where the event loop's own timers cost a microsecond each (Varghese and Lauck, Hashed and Hierarchical Timing Wheels, 1987).
 * None runs early.
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

  /** Timers that have neither run nor been called off. */
  get pending(): number {
    return this.#pending;
  }

  /** Runs `task` once after `delayMs`, or up to 20 ms later; the function returned calls it off. */
  after(delayMs: number, task: () => void): () => void {
    const nowMs = this.#now();
    if (this.#ticking === null) {
      this.#tick = Math.floor(nowMs / tickMs);
      this.#ticking = setInterval(this.#turn, tickMs);
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

  readonly #turn = (): void => {
    const nowTick = Math.floor(this.#now() / tickMs);
    // After a long stop every slot is looked at once, not once for each tick that was missed.
    const from = Math.max(this.#tick + 1, nowTick - slotCount + 1);
    this.#tick = nowTick;
    const due: Timer[] = [];
    for (let tick = from; tick <= nowTick; tick += 1) {
      for (let timer = this.#slots[tick % slotCount] ?? null; timer !== null; timer = timer.next) {
        if (timer.dueTick <= nowTick) due.push(timer);
      }
    }
    // Slots begin with the youngest; of those that are due together the oldest comes first.
    due.reverse().sort((a, b) => a.dueTick - b.dueTick);
    for (const timer of due) {
      // One that ran before it may have called it off.
      if (timer.slot < 0) continue;
      this.#remove(timer);
      timer.task();
    }
    if (this.#pending > 0 || this.#ticking === null) return;
    clearInterval(this.#ticking);
    this.#ticking = null;
  };
}
