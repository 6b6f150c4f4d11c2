/** How a mirrored request ended, against the one that it is a copy of. Statuses are compared, and nothing else. Closed list. */
export const shadowOutcomes = [
  'same_status',
  'different_status',
  /** The copy got no reply, or not all of it. */
  'failed',
  /** The copy got no whole reply within the mirror's own timeout. */
  'timed_out',
] as const;
export type ShadowOutcome = (typeof shadowOutcomes)[number];

/** Why a request that was drawn was not mirrored. Closed list. */
export const shadowSkips = [
  /** As many are under way as the policy allows. */
  'busy',
  'body_too_long',
  /** The request's body was not read to its end: it was answered first, or broke off. */
  'body_incomplete',
  'unsafe_method',
  'no_endpoint',
] as const;
export type ShadowSkip = (typeof shadowSkips)[number];

/** A request and its copy, side by side. Neither query nor header values nor bodies: secrets travel in them. */
export interface Shadow {
  /** ISO 8601, when the copy was sent. */
  at: string;
  requestId: string;
  traceId: string | null;
  route: string;
  /** The service that the request itself went to, and the one that got the copy. */
  primary: string;
  mirror: string;
  endpoint: string;
  method: string;
  /** 256 characters at most. */
  path: string;
  outcome: ShadowOutcome;
  /** Null where no head of a reply came. */
  primaryStatus: number | null;
  status: number | null;
  /** To the head of the reply, or to the failure. */
  primaryMs: number;
  latencyMs: number;
  /** A failure code of the copy. */
  reason: string | null;
}

/** The last mirrored requests, for a comparison of two services that no counter can make. */
export class ShadowRing {
  readonly #size: number;
  #kept: Shadow[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  readonly add = (shadow: Shadow): void => {
    this.#kept.push(shadow);
    // In blocks: shifting each one would move all of them each time.
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
