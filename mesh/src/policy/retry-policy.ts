/**
 * With the value `false` on a reply: callers further out do not retry, because this hop has retried already or a retry
 * makes no sense. Services pass the field outwards. So only the hop above a failure deep in a call graph retries, and
 * the budgets of the hops do not multiply. (The SRE book, "Addressing Cascading Failures"; Finagle's non-retryable
 * nack; gRPC's negative grpc-retry-pushback-ms.)
 */
export const retryableHeader = 'x-mesh-retryable';

/** Which attempts of a route's requests to a service may be retried. */
export interface RetryRules {
  /** False if the route has no `retry`: then only requests that were certainly not sent are retried. */
  enabled: boolean;
  /** Status codes to retry. */
  codes: readonly number[];
  /** Retries after the first attempt. */
  attempts: number;
  /** Upper case: idempotent methods (RFC 9110 section 9.2.2). */
  methods: readonly string[];
  /** Whether an Idempotency-Key makes any method idempotent. */
  idempotencyKey: boolean;
  /** A longer Retry-After ends the retries, ms. */
  maxRetryAfterMs: number;
}

/** How one attempt of a request ended, and what the request still has. */
export interface AttemptEnd {
  method: string;
  hasIdempotencyKey: boolean;
  /** Of the reply; 0 = no reply. */
  status: number;
  /** Whether the upstream can have seen any of the request. */
  delivery: 'not_sent' | 'maybe_sent';
  /** Retries so far. */
  retries: number;
  /** Whether the same body can be sent again (there is none, or it was kept). */
  bodyReplayable: boolean;
  /** The reply forbids retries (`retryableHeader`). */
  pushedBack: boolean;
  /** The Retry-After of the reply; 0 = none. */
  retryAfterMs: number;
  /** The wait before the next attempt. */
  waitMs: number;
  /** Until the request's deadline; Infinity = none. */
  remainingMs: number;
  /** The client has gone, or the request was aborted otherwise. */
  abandoned: boolean;
}

/**
 * `retry`, or why not. (The caller finds `outage` and `no_budget`. It asks the budget last, because asking takes out a
 * retry.)
 */
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
 * Whether a request is retried.
 *
 * A reply is final unless its code is retryable. A failure without a reply may be retried whatever the codes are. A
 * request that the upstream may have seen is retried only if it is idempotent; an unsent request is always retried.
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
  // A retry that could not even start before the deadline would only add load.
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
 * Whether callers further out should not retry a failure: it was retried here, or would have been if that made sense. A
 * failure that is not retried here for another reason (the route has no retries, the method is not idempotent) may be
 * retried further out.
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
