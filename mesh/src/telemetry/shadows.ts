/** How a mirrored request ended, compared with its original. Only statuses are compared. Closed list. */
export const shadowOutcomes = [
  'same_status',
  'different_status',
  /** The copy got no whole reply. */
  'failed',
  /** The copy got no whole reply within the mirror's own timeout. */
  'timed_out',
] as const;
export type ShadowOutcome = (typeof shadowOutcomes)[number];

/** Why a request that was drawn was not mirrored. Closed list. */
export const shadowSkips = [
  /** The policy's maximum of copies is in flight. */
  'busy',
  'body_too_long',
  /** The request's body was not read to its end: the reply came first, or the body broke off. */
  'body_incomplete',
  'unsafe_method',
  'no_endpoint',
] as const;
export type ShadowSkip = (typeof shadowSkips)[number];

/** A request and its copy, side by side. No query, header values or bodies, because they carry secrets. */
export interface Shadow {
  /** ISO 8601, when the copy was sent. */
  at: string;
  requestId: string;
  traceId: string | null;
  route: string;
  /** The service of the original, and that of the copy. */
  primary: string;
  mirror: string;
  endpoint: string;
  method: string;
  /** At most 256 characters. */
  path: string;
  outcome: ShadowOutcome;
  /** Null if no head of a reply came. */
  primaryStatus: number | null;
  status: number | null;
  /** To the head of the reply, or to the failure. */
  primaryMs: number;
  latencyMs: number;
  /** A failure code of the copy. */
  reason: string | null;
}

/** The last mirrored requests: shows single differences between two services, which counters cannot. */
export class ShadowRing {
  readonly #size: number;
  #kept: Shadow[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  readonly add = (shadow: Shadow): void => {
    this.#kept.push(shadow);
    // In blocks: dropping one at a time would move all entries each time.
    if (this.#kept.length >= this.#size * 2) this.#kept = this.#kept.slice(-this.#size);
  };

  /** Newest first. */
  recent(limit: number, wanted: (shadow: Shadow) => boolean = () => true): Shadow[] {
    const found: Shadow[] = [];
    const oldest = Math.max(0, this.#kept.length - this.#size);
    for (let i = this.#kept.length - 1; i >= oldest && found.length < limit; i -= 1) {
      const shadow = this.#kept[i] as Shadow;
      if (wanted(shadow)) found.push(shadow);
    }
    return found;
  }
}
