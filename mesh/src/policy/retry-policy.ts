/**
 * On a reply, with the value `false`: this has been tried again already, or must not be; whoever is further out leaves it
 * at that. Services pass it outwards. So a failure deep in a call graph is tried again by the hop above it only, and the
 * budgets of the hops do not multiply. (The SRE book, "Addressing Cascading Failures"; Finagle's non-retryable nack; gRPC's
 * negative grpc-retry-pushback-ms.)
 */
export const retryableHeader = 'x-mesh-retryable';

/** Which attempts of a route's requests to a service may be followed by another. */
export interface RetryRules {
  /** False where the route has no `retry`: then only what is known not to have been sent is tried again. */
  enabled: boolean;
  /** Status codes to retry. */
  codes: readonly number[];
  /** Retries after the first attempt. */
  attempts: number;
  /** Upper case: methods that may be sent twice (RFC 9110 section 9.2.2: idempotent ones). */
  methods: readonly string[];
  /** Whether an Idempotency-Key makes any method one that may be sent twice. */
  idempotencyKey: boolean;
  /** A longer Retry-After ends the retries, ms. */
  maxRetryAfterMs: number;
}

/** How one attempt of a request ended, and what is left to the request. */
export interface AttemptEnd {
  method: string;
  hasIdempotencyKey: boolean;
  /** Of the reply; 0 = there was none. */
  status: number;
  /** Whether the upstream can have seen any of the request. */
  delivery: 'not_sent' | 'maybe_sent';
  /** Retries so far. */
  retries: number;
  /** Whether the same body, byte for byte, can be sent again (there is none, or it was kept). */
  bodyReplayable: boolean;
  /** The reply says that it is not to be tried again (`retryableHeader`). */
  pushedBack: boolean;
  /** What the reply asked for; 0 = nothing. */
  retryAfterMs: number;
  /** The wait before the next attempt. */
  waitMs: number;
  /** Until the request's deadline; Infinity = none. */
  remainingMs: number;
  /** Nobody waits for the reply any more. */
  abandoned: boolean;
}

/** `retry`, or why not. (`outage` and `no_budget` are the caller's to find; it asks the budget last, because asking takes a retry out.) */
export type RetryVerdict =
  | 'retry'
  | 'abandoned'
  | 'not_retryable_status'
  | 'not_enabled'
  | 'not_idempotent'
  | 'pushed_back'
  | 'body_not_kept'
  | 'no_attempts_left'
  | 'retry_after_too_long'
  | 'deadline_too_near'
  | 'outage'
  | 'no_budget';

/** Verdicts that say something about retries; the others are those of an ordinary reply. */
export const denials: ReadonlySet<RetryVerdict> = new Set<RetryVerdict>([
  'not_idempotent',
  'pushed_back',
  'body_not_kept',
  'no_attempts_left',
  'retry_after_too_long',
  'deadline_too_near',
  'outage',
  'no_budget',
]);

/**
 * Whether a request is tried again.
 *
 * A reply is final unless its code is one to retry. A failure without a reply may be retried whatever the codes are. What
 * may have been seen by the upstream is sent again only if twice is as good as once; what was not sent, always.
 */
export function retryVerdict(end: AttemptEnd, rules: RetryRules): RetryVerdict {
  if (end.abandoned) return 'abandoned';
  if (end.status !== 0 && !rules.codes.includes(end.status)) return 'not_retryable_status';
  const notSent = end.status === 0 && end.delivery === 'not_sent';
  if (!notSent && !rules.enabled) return 'not_enabled';
  if (!notSent && !mayBeSentTwice(end.method, end.hasIdempotencyKey, rules)) return 'not_idempotent';
  if (end.pushedBack) return 'pushed_back';
  if (!end.bodyReplayable) return 'body_not_kept';
  if (end.retries >= rules.attempts) return 'no_attempts_left';
  if (end.retryAfterMs > rules.maxRetryAfterMs) return 'retry_after_too_long';
  // A retry that could not even start before the deadline would only be load.
  if (end.waitMs >= end.remainingMs) return 'deadline_too_near';
  return 'retry';
}

/** Whether a request has the same effect however often it arrives. */
export function mayBeSentTwice(
  method: string,
  hasIdempotencyKey: boolean,
  { methods, idempotencyKey }: Pick<RetryRules, 'methods' | 'idempotencyKey'>,
): boolean {
  return methods.includes(method) || (idempotencyKey && hasIdempotencyKey);
}

/**
 * Whether whoever is further out should leave a failure at that: it was tried again here, or would have been if that did
 * any good. What is not tried again here for another reason (the route has no retries, the method is none that may be
 * sent twice) may well be the business of somebody further out.
 *
 * @param retries that were made here
 */
export function pushesBack(verdict: RetryVerdict | null, retries: number): boolean {
  return retries > 0 || (verdict !== null && pushedBackAfter.has(verdict));
}

const pushedBackAfter: ReadonlySet<RetryVerdict> = new Set<RetryVerdict>([
  'pushed_back',
  'outage',
  'no_budget',
  'retry_after_too_long',
  'deadline_too_near',
]);
