import { defaults } from '../config/defaults.ts';
import type { RetryPolicy } from '../config/policy-model.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import { asMeshError, type FailureCode, MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { header, removeHeader, setHeader } from '../headers.ts';
import { arrival, isHeld } from '../held-reply.ts';
import type { Handler, Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { pause } from '../pause.ts';
import { backoffMs, retryAfterMs } from '../policy/backoff.ts';
import type { RetryBudget } from '../policy/retry-budget.ts';
import {
  type AttemptEnd,
  denials,
  mayBeSentTwice,
  pushesBack,
  type RetryRules,
  type RetryVerdict,
  retryableHeader,
  retryVerdict,
} from '../policy/retry-policy.ts';
import { RequestReplay } from '../replay/request-replay.ts';
import type { Reply } from '../reply.ts';
import { isOut, noteEnd } from '../service-state/outage.ts';
import { budgetOf } from '../service-state/retries.ts';

/** Response flag (Envoy's): there was something to retry, and the attempts were used up. */
export const attemptsExhausted = 'URX';
/** Response flag: there was something to retry, and the retry budget was used up or the service was out. */
export const budgetExhausted = 'URB';

/**
 * Failures that another endpoint, or the same one a moment later, may not repeat. All other failures would repeat, or
 * were not caused by the upstream.
 */
const retryableFailures: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'connect_failed',
  'connect_timeout',
  'upstream_reset',
  'upstream_garbage',
  'upstream_idle',
  'attempt_timeout',
]);

/** How one attempt ended: with a reply or with an error. */
interface Outcome {
  endpoint: Endpoint | null;
  reply: Reply | null;
  error: MeshError | null;
}

/** What all attempts of one request share. */
interface Tries {
  service: Service;
  policy: RetryPolicy;
  budget: RetryBudget;
  rules: RetryRules;
  replay: RequestReplay | null;
  /** Retries of requests that may have been sent. */
  retries: number;
  /** Retries of unsent requests: a tier of their own, because they are always safe and cost an upstream nothing. */
  requeues: number;
  previousWaitMs: number;
}

/**
 * Tries a request again, on another endpoint if there is one, before any of a reply has been handed on. After a failure
 * to connect, untried endpoints are tried at once; all other retries come after a back-off. Every retry draws on the
 * service's budget.
 */
export function retry(parts: Parts): Layer {
  const { clock, random, meters } = parts;

  const triesOf = (exchange: Exchange, service: Service): Tries => {
    const { retry: policy } = service.policy;
    const { body, route } = exchange;
    const routeRetry = route?.rule.spec.retry;
    const budget = budgetOf(service, parts);
    // Before the budget is used: the budget is a share of the requests of clients, not of attempts.
    budget.deposit(clock.now());
    return {
      service,
      policy,
      budget,
      rules: {
        enabled: routeRetry !== undefined,
        codes: routeRetry?.codes ?? [],
        attempts: routeRetry?.attempts ?? 0,
        methods: policy.methods,
        idempotencyKey: policy.idempotencyKey,
        maxRetryAfterMs: policy.maxRetryAfterMs,
      },
      replay: body === null ? null : new RequestReplay(body, keptBytes(exchange, service), exchange.facts.memory),
      retries: 0,
      requeues: 0,
      previousWaitMs: 0,
    };
  };

  /** Whether another attempt may follow the one that is about to begin, if that one may have been sent. */
  const mayFollow = (exchange: Exchange, tries: Tries): boolean =>
    tries.rules.enabled &&
    tries.retries < tries.rules.attempts &&
    exchange.upgrade === null &&
    mayBeSentTwice(exchange.method, hasIdempotencyKey(exchange), tries.rules) &&
    (tries.replay?.replayable ?? true) &&
    tries.budget.available(clock.now()) >= 1 &&
    !isOut(tries.service, random, clock.now());

  const attempt = async (exchange: Exchange, tries: Tries, next: Handler): Promise<Outcome> => {
    const one = exchange.fork(tries.replay?.open() ?? null);
    one.attempt = exchange.facts.attempts + 1;
    one.replay = tries.replay;
    one.repeatable = mayFollow(exchange, tries);
    const { perTryTimeoutMs } = tries.policy;
    const cancel =
      perTryTimeoutMs > 0 && one.repeatable
        ? clock.after(perTryTimeoutMs, () => one.abort(tooSlow(perTryTimeoutMs)))
        : null;
    try {
      const reply = await next(one);
      cancel?.();
      if (one.repeatable && couldBeRetried(tries, reply) && isHeld(reply, tries.policy.replyLimitBytes)) {
        const error = await arrival(reply, tries.policy.replyLimitBytes, tries.policy.replyWaitMs, clock);
        if (error !== null) throw error;
      }
      return { endpoint: one.endpoint, reply, error: null };
    } catch (thrown) {
      // An upstream that was never reached has not begun to read.
      one.body?.cancel();
      return { endpoint: one.endpoint, reply: null, error: asMeshError(thrown) };
    } finally {
      cancel?.();
      exchange.tried = triedBy(one);
    }
  };

  /** Notes how the attempt ended for the outage detection. An end that the endpoint did not cause is not noted. */
  const note = ({ service, rules }: Tries, { endpoint, reply, error }: Outcome) => {
    if (endpoint === null || (error !== null && !retryableFailures.has(error.code))) return;
    noteEnd(service, endpoint, reply !== null && !failed(rules, reply), clock.now());
  };

  /** `retry` and the wait before it, or why there is no retry. `retry` has drawn on the budget. */
  const judge = (
    exchange: Exchange,
    tries: Tries,
    { reply, error }: Outcome,
  ): { verdict: RetryVerdict; waitMs: number } => {
    const { rules, policy, service } = tries;
    const status = reply?.status ?? 0;
    if (error !== null && !retryableFailures.has(error.code)) return { verdict: 'not_retryable_status', waitMs: 0 };
    if (reply !== null && !rules.codes.includes(status)) return { verdict: 'not_retryable_status', waitMs: 0 };
    const requeue = error?.delivery === 'not_sent';
    const untried = service.endpoints.length > (exchange.tried?.length ?? 0);
    const count = requeue ? tries.requeues : tries.retries;
    const askedMs = reply === null ? 0 : retryAfterMs(header(reply.headers, 'retry-after'), clock.wall());
    const baseMs = exchange.route?.rule.spec.retry?.backoffMs ?? defaults.retryBackoffMs;
    const { maxMs, jitter } = policy.backoff;
    const waitMs =
      requeue && untried ? 0 : backoffMs({ baseMs, maxMs, jitter }, count + 1, tries.previousWaitMs, askedMs, random);
    const nowMs = clock.now();
    const end: AttemptEnd = {
      method: exchange.method,
      hasIdempotencyKey: hasIdempotencyKey(exchange),
      status,
      delivery: error?.delivery ?? 'maybe_sent',
      retries: count,
      pushedBack: reply !== null && header(reply.headers, retryableHeader) === 'false',
      bodyReplayable: (tries.replay?.replayable ?? true) && (exchange.upgrade === null || requeue),
      retryAfterMs: askedMs,
      waitMs,
      remainingMs: exchange.deadlineAtMs - nowMs,
      abandoned: exchange.aborted !== null,
    };
    const attempts = requeue ? Math.max(defaults.requeues, rules.attempts) : rules.attempts;
    const verdict = retryVerdict(end, { ...rules, attempts });
    if (verdict === 'retry' && !requeue && isOut(service, random, nowMs)) return { verdict: 'outage', waitMs: 0 };
    if (verdict === 'retry' && !tries.budget.tryWithdraw(nowMs)) return { verdict: 'no_budget', waitMs: 0 };
    if (verdict === 'retry') {
      if (requeue) tries.requeues += 1;
      else tries.retries += 1;
      tries.previousWaitMs = waitMs;
    }
    return { verdict, waitMs };
  };

  const giveUp = (exchange: Exchange, tries: Tries, verdict: RetryVerdict) => {
    if (!denials.has(verdict)) return;
    meters.retriesDenied(tries.service.name, verdict).value += 1;
    const { flags } = exchange.facts;
    if (verdict === 'no_attempts_left') flags.push(attemptsExhausted);
    if (verdict === 'no_budget' || verdict === 'outage') flags.push(budgetExhausted);
  };

  /** Between services, a failure says whether a retry makes sense. Clients outside get Retry-After only. */
  const tellOutwards = (exchange: Exchange, tries: Tries, verdict: RetryVerdict | null, reply: Reply | null) => {
    if (exchange.facts.entrance.side === 'north-south') {
      if (reply !== null) removeHeader(reply.headers, retryableHeader);
      return;
    }
    if (!pushesBack(verdict, tries.retries + tries.requeues)) return;
    if (reply === null) exchange.failureHeaders = [...(exchange.failureHeaders ?? []), retryableHeader, 'false'];
    else if (failed(tries.rules, reply)) setHeader(reply.headers, retryableHeader, 'false');
  };

  return {
    name: 'retry',
    scope: 'route',
    sentence:
      "Tries idempotent and unsent requests again on another endpoint, by the route's retry, within the service's retry budget; holds short replies until they are whole; tells callers further out about its retries.",
    inside: [
      { name: 'split', reason: 'the budget is that of the service, and a retry stays with it' },
      { name: 'deadline', reason: 'all attempts together are bounded, and no retry outlives that' },
      { name: 'limits', reason: 'a request has one place, however often it is tried' },
      { name: 'body limit', reason: 'a body that is too long is refused, not kept for a retry' },
    ],
    wrap: (next) => async (exchange) => {
      const service = exchange.backend?.service;
      if (service === undefined) return next(exchange);
      const tries = triesOf(exchange, service);
      let reason: string | null = null;
      let last: RetryVerdict | null = null;
      try {
        for (;;) {
          const outcome = await attempt(exchange, tries, next);
          note(tries, outcome);
          const { verdict, waitMs } = judge(exchange, tries, outcome);
          const { reply, error } = outcome;
          last = verdict;
          if (reason !== null) {
            const again = reply === null || tries.rules.codes.includes(reply.status);
            meters.retries(service.name, reason, again ? 'failed' : 'succeeded').value += 1;
          }
          if (verdict !== 'retry') {
            giveUp(exchange, tries, verdict);
            if (reply === null) throw error;
            tellOutwards(exchange, tries, verdict, reply);
            tries.replay?.release();
            return reply;
          }
          reason = error?.code ?? String(reply?.status);
          reply?.body.discard();
          if (waitMs > 0) await pause(clock, exchange, waitMs);
        }
      } catch (thrown) {
        tellOutwards(exchange, tries, last, null);
        tries.replay?.cancel();
        throw thrown;
      }
    },
  };
}

/** How much of the body is kept: nothing if only unsent requests are retried, because their body is unread. */
function keptBytes(exchange: Exchange, { policy: { retry: policy, hedging } }: Service): number {
  const again = exchange.route?.rule.spec.retry !== undefined || hedging !== undefined;
  const twice = again && mayBeSentTwice(exchange.method, hasIdempotencyKey(exchange), policy);
  return twice ? policy.bodyLimitBytes : 0;
}

/** Whether another attempt could follow if this reply broke off. A retryable status decides by itself. */
function couldBeRetried({ rules, replay }: Tries, { status }: Reply): boolean {
  return (replay?.replayable ?? true) && !rules.codes.includes(status);
}

/** Whether a caller further out might retry. */
function failed(rules: RetryRules, { status }: Reply): boolean {
  return status >= 500 || rules.codes.includes(status);
}

/** Whether the request carries a key by which the service recognizes a repetition. */
export function hasIdempotencyKey({ headers }: Exchange): boolean {
  return (header(headers, 'idempotency-key') ?? '') !== '';
}

/** The endpoints of this attempt, hedges included, and all that were tried before. */
export function triedBy({ tried, endpoint }: Pick<Exchange, 'tried' | 'endpoint'>): readonly Endpoint[] | null {
  if (endpoint === null || (tried?.includes(endpoint) ?? false)) return tried;
  return [...(tried ?? []), endpoint];
}

function tooSlow(limitMs: number): MeshError {
  return new MeshError('attempt_timeout', `The service gave no reply within ${limitMs} ms.`, {
    delivery: 'maybe_sent',
  });
}
