import type { Clock, Random } from '../clock.ts';
import { Rounds } from './rounds.ts';

/** How long a round may take, ms. */
export const roundMsMax = 10_000;
/** Two: a request that comes while a round goes on need not wait for its end. More would only load the service. */
const roundsAtOnce = 2;
const backoffMsMin = 25;
const backoffMsMax = 2000;

/**
 * How settling behind a request ended: in time, not in time (`late`), with a refusal or without a reply (`failed`), or
 * not at all, because settling has been failing (`not_held`).
 */
export type Settled = 'settled' | 'late' | 'failed' | 'not_held';

export interface SettlerOptions {
  clock: Clock;
  random: Random;
  /** One round: null when everything has arrived that was there when it began, otherwise why not. */
  round: () => Promise<string | null>;
  /** Tells every other process of the mesh that something may not have arrived. Resolves when all know. */
  tellOthers: () => Promise<void>;
  /** Settling begins or ends to fail. `why` is null when it works again. */
  onTurn: (why: string | null) => void;
}

/**
 * Knows whether what requests have changed has arrived everywhere, in this process. Until a round has shown it, it has
 * not: also at the start, since the process before may have left something.
 *
 * A change is behind its reply either settled, or every process of the mesh knows that it may not be, and ends that
 * only by a round of its own that begins later. So a reader at any process finds the change, or is sent to its source.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #rounds: Rounds<boolean>;
  readonly #telling: Rounds<void>;
  /** Counts the changes that may not have arrived, those of other processes included. */
  #marks = 1;
  /** The marks that a successful round has ended. */
  #cleared = 0;
  #failing: string | null = null;
  #probing = false;
  #stopped = false;
  #cancelPause = () => {};

  constructor(options: SettlerOptions) {
    this.#options = options;
    this.#rounds = new Rounds(() => this.#round(), roundsAtOnce);
    this.#telling = new Rounds(options.tellOthers, 1);
  }

  /** Whether every change that a client has a reply for has arrived. */
  get settled(): boolean {
    return this.#cleared === this.#marks;
  }

  /** Why settling fails now; null where the last round has succeeded. */
  get failing(): string | null {
    return this.#failing;
  }

  /** Whether a round that begins now has succeeded. */
  join(): Promise<boolean> {
    return this.#rounds.join();
  }

  /**
   * Settles a change whose outcome is known now. Resolves when a round has succeeded, or when every process knows that
   * none has. @param limitMs how long a round may take; 0 = there is no time @param whole whether that is all the time
   * that the policy gives: then running out of it counts as a failure
   */
  async after(limitMs: number, whole: boolean): Promise<Settled> {
    if (this.#failing !== null) return this.#unsettled('not_held');
    if (limitMs <= 0) return this.#unsettled('late');
    const ended = await this.#within(limitMs, this.join());
    if (ended === true) return 'settled';
    if (ended === null && whole) this.#turn(`no reply within ${limitMs} ms`);
    return this.#unsettled(ended === null ? 'late' : 'failed');
  }

  /** Notes that a change may not have arrived, and finds out when everything has. */
  mark(): void {
    this.#marks += 1;
    this.probe();
  }

  /** Runs rounds, with pauses after failures, until everything has arrived. */
  probe(): void {
    if (this.#probing || this.#stopped) return;
    this.#probing = true;
    void this.#untilSettled().finally(() => {
      this.#probing = false;
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelPause();
  }

  async #untilSettled(): Promise<void> {
    let backoffMs = backoffMsMin;
    while (!this.settled && !this.#stopped) {
      if (await this.join()) continue;
      const { clock, random } = this.#options;
      const waitMs = backoffMs * (0.5 + random() / 2);
      backoffMs = Math.min(backoffMsMax, backoffMs * 2);
      if (this.#stopped) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(waitMs, resolve);
        this.#cancelPause = () => {
          cancel();
          resolve();
        };
      });
    }
  }

  async #unsettled<T>(outcome: T): Promise<T> {
    this.mark();
    await this.#telling.join();
    return outcome;
  }

  async #round(): Promise<boolean> {
    const marks = this.#marks;
    const why = await this.#options.round();
    this.#turn(why);
    if (why === null) this.#cleared = Math.max(this.#cleared, marks);
    return why === null;
  }

  #turn(why: string | null): void {
    const before = this.#failing;
    this.#failing = why;
    if ((before === null) !== (why === null)) this.#options.onTurn(why);
  }

  /** Null when it takes longer. */
  #within(limitMs: number, result: Promise<boolean>): Promise<boolean | null> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(limitMs, () => resolve(null));
      void result.then((value) => {
        cancel();
        resolve(value);
      });
    });
  }
}
