import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Resolve } from './dns.ts';
import type { Service } from './service.ts';

/**
 * The bounds of a record's TTL: some records say 0, and a mistaken TTL of days must not outlive its correction by days.
 */
const recordTtlMs = { min: 1_000, max: 3_600_000 };

export interface NameWatchOptions {
  clock: Clock;
  log: Log;
  resolve: Resolve;
}

/**
 * Looks up one host name of a service repeatedly. Each name has its own watch, so that a slow or unknown name does not
 * delay others.
 */
export class NameWatch {
  /** Resolves when the first look-up has ended, whether it succeeded or not. */
  readonly looked: Promise<void>;
  readonly #host: string;
  readonly #service: Service;
  readonly #options: NameWatchOptions;
  readonly #onAddresses: (addresses: string[]) => void;
  #over = false;
  #stopped = false;
  #cancelNext = () => {};
  /** The number of look-ups. A reply that arrives after a later one is ignored. */
  #begun = 0;
  #latestReply = 0;

  /** @param onAddresses called with the sorted addresses of each successful look-up */
  constructor(host: string, service: Service, options: NameWatchOptions, onAddresses: (addresses: string[]) => void) {
    this.#host = host;
    this.#service = service;
    this.#options = options;
    this.#onAddresses = onAddresses;
    this.looked = this.#look();
  }

  /** Whether a look-up has ended, successful or not. */
  get over(): boolean {
    return this.#over;
  }

  /** Looks up again at once, because the policy has changed. */
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
      // Sorted, so that a round-robin DNS reply does not count as a change.
      found = addresses.sort();
      if (ttlMs !== undefined) holdMs = Math.min(recordTtlMs.max, Math.max(recordTtlMs.min, ttlMs));
    } catch (thrown) {
      const reason = (thrown as { code?: string }).code ?? 'unknown';
      this.#options.log.warn({ host: this.#host, reason }, 'host name not resolved');
    }
    this.#over = true;
    if (this.#stopped || look < this.#latestReply) return;
    this.#latestReply = look;
    if (found !== null) this.#onAddresses(found);
    if (look === this.#begun) this.#cancelNext = this.#options.clock.after(holdMs, () => void this.#look());
  }
}
