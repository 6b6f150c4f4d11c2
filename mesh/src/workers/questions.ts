import type { Clock } from '../clock.ts';

interface Open {
  whom: object;
  end: (reply: unknown) => void;
}

/** What a question without a reply in time resolves with. */
export const noReply = Symbol('no reply');

/** Questions that wait for a reply. Nothing of a question is kept once it has ended. */
export class Questions {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #open = new Map<number, Open>();
  #nextId = 1;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** How many wait for a reply. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * Asks `whom`. Resolves with the reply, or with `noReply` after `limitMs`, or once `whom` has left.
   *
   * @param send sends the question; the reply comes back under the id
   */
  ask(whom: object, limitMs: number, send: (id: number) => void): Promise<unknown> {
    return new Promise((resolve) => {
      const id = this.#nextId++;
      const end = (reply: unknown) => {
        cancel();
        this.#open.delete(id);
        resolve(reply);
      };
      const cancel = this.#clock.after(limitMs, () => end(noReply));
      this.#open.set(id, { whom, end });
      send(id);
    });
  }

  /** A reply has come; one that is too late is dropped. */
  replied(id: number, reply: unknown): void {
    this.#open.get(id)?.end(reply);
  }

  /** `whom` sends no more replies. */
  left(whom: object): void {
    for (const open of [...this.#open.values()]) if (open.whom === whom) open.end(noReply);
  }
}
