import type { Clock } from '../clock.ts';
import type { MeshConfig } from '../config/model.ts';
import type { Hold } from '../hold/holds.ts';
import type { Member } from './member.ts';
import type { KnownEndpoints, WorkerState } from './messages.ts';
import { shareOf } from './share.ts';

/** A worker that has not put a change in force after this counts as hung, and is replaced. */
export const confirmMs = 5000;

/** What the primary has in force. */
export interface PrimaryState {
  config: MeshConfig;
  generation: number;
  endpoints: KnownEndpoints[];
  holds: Hold[];
}

export interface StateFeedOptions {
  clock: Clock;
  /** How many workers share the limits of a configuration. */
  workers: number;
  state: () => PrimaryState;
  /** The workers that take requests: also those that drain, on the connections that they have. */
  serving: () => Member[];
}

/** Tells the workers what is in force, and waits until they have it. */
export class StateFeed {
  readonly #options: StateFeedOptions;
  readonly #waiting = new Set<() => void>();
  #number = 0;
  #dirty = false;

  constructor(options: StateFeedOptions) {
    this.#options = options;
  }

  /** Something that workers must know has changed. Several changes of one moment go out together. */
  readonly publish = (): void => {
    if (this.#dirty) return;
    this.#dirty = true;
    queueMicrotask(() => this.#flush());
  };

  /** Resolves when every worker that takes requests has in force what is in force here. Kills a worker after `confirmMs`. */
  async settled(): Promise<void> {
    this.#flush();
    const number = this.#number;
    const behind = () => this.#options.serving().filter(({ confirmations }) => confirmations.number < number);
    if (behind().length === 0) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (behind().length > 0) return;
        cancel();
        this.#waiting.delete(look);
        resolve();
      };
      const cancel = this.#options.clock.after(confirmMs, () => {
        for (const member of behind()) member.kill('hung');
      });
      this.#waiting.add(look);
    });
  }

  /** Looks again whether the workers have settled. Called when one has confirmed a state or is no longer ready. */
  look(): void {
    for (const look of [...this.#waiting]) look();
  }

  send(member: Member): void {
    member.send({ kind: 'state', state: this.stateFor(member) });
  }

  /** The state to send to `member`, with the configuration only where the worker does not have it. */
  stateFor({ confirmations }: Member): WorkerState {
    const { config, generation, endpoints, holds } = this.#options.state();
    const known = confirmations.sent(this.#number, generation);
    const share = known ? null : shareOf(config, this.#options.workers);
    const part = (whole: number) => Math.ceil(whole / Math.max(1, this.#options.workers));
    const shared = holds.map((hold) => ({ ...hold, maxWaiting: part(hold.maxWaiting) }));
    return { number: this.#number, generation, config: share, endpoints, holds: shared };
  }

  #flush(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#number += 1;
    for (const member of this.#options.serving()) this.send(member);
  }
}
