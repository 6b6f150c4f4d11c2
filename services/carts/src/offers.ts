import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '@banyan/kit/clock';
import type { Code, Offers, Promotion } from './discounts.ts';
import type { Peers, PromotionRow } from './peers.ts';

/** The automatic promotions, which every cart with lines needs. Remembered for a moment. */
export class AutomaticPromotions {
  readonly #peers: Peers;
  readonly #now: Clock;
  readonly #freshMs: number;
  #known: readonly Promotion[] | undefined;
  #untilMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(peers: Peers, now: Clock, freshMs: number) {
    this.#peers = peers;
    this.#now = now;
    this.#freshMs = freshMs;
  }

  /** Those that run; while their owner is away, those that were known last. Undefined: none were known yet. */
  async running(headers: IncomingHttpHeaders): Promise<readonly Promotion[] | undefined> {
    if (this.#untilMs <= this.#now()) {
      this.#reading ??= this.#read(headers).finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#known;
  }

  async #read(headers: IncomingHttpHeaders): Promise<void> {
    try {
      this.#known = (await this.#peers.automatic(headers)).map(({ code: _, ...promotion }) => promotion);
    } catch {
      // Those that were known last hold.
    }
    this.#untilMs = this.#now() + this.#freshMs;
  }
}

/** What the owner of promotions knows of the codes of one request. Each code is asked for once. */
export class KnownOffers implements Offers {
  readonly #peers: Peers;
  readonly #headers: IncomingHttpHeaders;
  readonly #shared: AutomaticPromotions;
  readonly #codes = new Map<string, Code | null>();
  #running: ReturnType<AutomaticPromotions['running']> | undefined;
  automatic: readonly Promotion[] = [];
  /** Something that is shown could not be asked for. */
  missing = false;

  constructor(peers: Peers, shared: AutomaticPromotions, headers: IncomingHttpHeaders) {
    this.#peers = peers;
    this.#shared = shared;
    this.#headers = headers;
  }

  /** Asks for codes that decide. @throws ServiceError `peer_unavailable`, `peer_timeout` */
  async require(codes: readonly string[]): Promise<void> {
    const wanted = [...new Set(codes)].filter((code) => !this.#codes.has(code));
    if (wanted.length === 0) return;
    const found = await this.#peers.codes(wanted, this.#headers);
    for (const one of wanted) this.#codes.set(one, null);
    for (const row of found) if (row.code !== null) this.#codes.set(row.code.text, codeOf(row));
  }

  /** Asks for what carts show: their codes, and the automatic promotions. Never rejects. */
  async ask(codes: readonly string[]): Promise<void> {
    this.#running ??= this.#shared.running(this.#headers);
    const [automatic] = await Promise.all([
      this.#running,
      this.require(codes).catch(() => {
        this.missing = true;
      }),
    ]);
    if (automatic === undefined) this.missing = true;
    else this.automatic = automatic;
  }

  code(text: string): Code | undefined {
    return this.#codes.get(text) ?? undefined;
  }
}

function codeOf({ code, ...promotion }: PromotionRow): Code {
  return { promotion, usedUp: code?.used_up ?? false, forCustomer: code?.for_customer ?? null };
}
