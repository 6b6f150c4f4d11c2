import type { Clock } from '../clock.ts';

interface Open {
  whom: object;
  end: (answer: unknown) => void;
}

/** What a question that is not answered in time resolves with. */
export const noAnswer = Symbol('no answer');

/** Questions that have been sent and not been answered yet. Nothing of one is kept once it has ended. */
export class Questions {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #open = new Map<number, Open>();
  #nextId = 1;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** How many wait for an answer. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * Asks `whom`. Resolves with the answer, or with `noAnswer` after `limitMs`, or once `whom` has left.
   *
   * @param send sends the question; the answer comes back under the id
   */
  ask(whom: object, limitMs: number, send: (id: number) => void): Promise<unknown> {
    return new Promise((resolve) => {
      const id = this.#nextId++;
      const end = (answer: unknown) => {
        cancel();
        this.#open.delete(id);
        resolve(answer);
      };
      const cancel = this.#clock.after(limitMs, () => end(noAnswer));
      this.#open.set(id, { whom, end });
      send(id);
    });
  }

  /** An answer has come; one that is too late is dropped. */
  answered(id: number, answer: unknown): void {
    this.#open.get(id)?.end(answer);
  }

  /** `whom` answers nothing any more. */
  left(whom: object): void {
    for (const open of [...this.#open.values()]) if (open.whom === whom) open.end(noAnswer);
  }
}
