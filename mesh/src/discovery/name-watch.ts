import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Resolve } from './dns.ts';
import type { Service } from './service.ts';

/** What records say is followed within this: some say 0, and a mistake of days must not outlive its correction by days. */
const recordTtlMs = { min: 1_000, max: 3_600_000 };

export interface NameWatchOptions {
  clock: Clock;
  log: Log;
  resolve: Resolve;
}

/**
 * Looks one host name of a service up, again and again. Each name has a watch of its own, so that a name that takes long,
 * or does not resolve, holds up no other.
 */
export class NameWatch {
  /** Resolves when the first look is over, whether it found something or not. */
  readonly looked: Promise<void>;
  readonly #host: string;
  readonly #service: Service;
  readonly #options: NameWatchOptions;
  readonly #onAddresses: (addresses: string[]) => void;
  #over = false;
  #stopped = false;
  #cancelNext = () => {};
  /** Counts looks: the reply to an earlier one says nothing once a later one has been answered. */
  #begun = 0;
  #answered = 0;

  /** @param onAddresses is told what each look that succeeds has found, sorted */
  constructor(host: string, service: Service, options: NameWatchOptions, onAddresses: (addresses: string[]) => void) {
    this.#host = host;
    this.#service = service;
    this.#options = options;
    this.#onAddresses = onAddresses;
    this.looked = this.#look();
  }

  /** Whether a look has ended, found or not. */
  get over(): boolean {
    return this.#over;
  }

  /** Looks again without waiting for the time that the last look set: the policy has changed. */
  again(): void {
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelNext();
  }

  async #look(): Promise<void> {
    this.#cancelNext();
    this.#begun += 1;
    const look = this.#begun;
    const { dnsTtlMs, respectDnsTtl } = this.#service.policy.discovery;
    let found: string[] | null = null;
    let holdMs = dnsTtlMs;
    try {
      const { addresses, ttlMs } = await this.#options.resolve(this.#host, { respectTtl: respectDnsTtl });
      // Sorted, so that the order of a round-robin DNS reply is not taken for a change.
      found = addresses.sort();
      if (ttlMs !== undefined) holdMs = Math.min(recordTtlMs.max, Math.max(recordTtlMs.min, ttlMs));
    } catch (thrown) {
      const reason = (thrown as { code?: string }).code ?? 'unknown';
      this.#options.log.warn({ host: this.#host, reason }, 'host name not resolved');
    }
    this.#over = true;
    if (this.#stopped || look < this.#answered) return;
    this.#answered = look;
    if (found !== null) this.#onAddresses(found);
    if (look === this.#begun) this.#cancelNext = this.#options.clock.after(holdMs, () => void this.#look());
  }
}
