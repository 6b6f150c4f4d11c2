import { asMeshError, MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler, Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { hedgeDelayMs } from '../policy/hedge.ts';
import { mayBeSentTwice } from '../policy/retry-policy.ts';
import type { Reply } from '../reply.ts';
import { budgetOf, latenciesOf } from '../service-state/retries.ts';
import { safeMethods } from './mirror.ts';
import { hasIdempotencyKey, triedBy } from './retry.ts';

/**
 * Starts a second attempt beside one that takes longer than most attempts of the service, and uses the first good
 * reply. Off by default. Hedges draw on the same budget as retries.
 */
export function hedge(parts: Parts): Layer {
  return {
    name: 'hedge',
    scope: 'attempt',
    sentence:
      "Starts a second attempt on another endpoint when the first is slower than a percentile of the service's own latency, within the retry budget; aborts the slower one. Off by default.",
    inside: [
      { name: 'retry', reason: 'it draws on the budget that retry pays into, and reads the body that retry keeps' },
      { name: 'limits', reason: 'a request has one place, however many attempts it has in flight' },
    ],
    wrap: (next) => (exchange) => {
      const service = exchange.backend?.service;
      if (service?.policy.hedging === undefined || exchange.upgrade !== null) return next(exchange);
      return new Race(exchange, next, parts).run();
    },
  };
}

/** The attempts of one try, and which of them is the first good one. */
class Race {
  readonly #exchange: Exchange;
  readonly #next: Handler;
  readonly #parts: Parts;
  readonly #running = new Set<Exchange>();
  #started = 0;
  #settled = false;
  #cancelTimer: (() => void) | null = null;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: MeshError) => void = () => {};

  constructor(exchange: Exchange, next: Handler, parts: Parts) {
    this.#exchange = exchange;
    this.#next = next;
    this.#parts = parts;
  }

  run(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const first = this.#exchange.fork(this.#exchange.body);
      void this.#start(first);
      this.#plan();
    });
  }

  /** Sets the timer for the next attempt, if another attempt is possible. */
  #plan(): void {
    const { clock } = this.#parts;
    const exchange = this.#exchange;
    const service = exchange.backend?.service;
    const hedging = service?.policy.hedging;
    if (service === undefined || hedging === undefined || this.#settled || !this.#possible()) return;
    const nowMs = clock.now();
    const delayMs = hedgeDelayMs(
      hedging,
      latenciesOf(service),
      nowMs,
      this.#started - 1,
      exchange.deadlineAtMs - nowMs,
    );
    if (delayMs === null) return;
    this.#cancelTimer = clock.after(delayMs, () => {
      this.#cancelTimer = null;
      if (this.#settled || exchange.aborted !== null || !this.#possible()) return;
      if (!budgetOf(service, this.#parts).tryWithdraw(clock.now())) {
        this.#parts.meters.hedges(service.name, 'denied').value += 1;
        return;
      }
      const another = exchange.fork(exchange.replay?.open() ?? null);
      another.attempt = exchange.facts.attempts + 1;
      another.hedge = true;
      void this.#start(another);
      this.#plan();
    });
  }

  /**
   * The request is safe (RFC 9110, section 9.2.1) or has an Idempotency-Key, its body can be read twice at a time, and an
   * untried endpoint is left. Twins of a PUT or a DELETE are carried out side by side: the slower one may find what the
   * other one has deleted, or come after a newer request.
   */
  #possible(): boolean {
    const exchange = this.#exchange;
    const service = exchange.backend?.service;
    if (service === undefined || !(exchange.replay?.shareable ?? true)) return false;
    const hasKey = hasIdempotencyKey(exchange);
    if (!safeMethods.has(exchange.method) && !hasKey) return false;
    if (!mayBeSentTwice(exchange.method, hasKey, service.policy.retry)) return false;
    return service.endpoints.length > (this.#tried()?.length ?? 0);
  }

  #tried() {
    for (const attempt of this.#running) this.#exchange.tried = triedBy(fromBoth(this.#exchange, attempt));
    return this.#exchange.tried;
  }

  async #start(attempt: Exchange): Promise<void> {
    const { clock } = this.#parts;
    const startedMs = clock.now();
    attempt.tried = this.#tried();
    this.#started += 1;
    this.#running.add(attempt);
    let reply: Reply | null = null;
    let error: MeshError | null = null;
    try {
      reply = await this.#next(attempt);
    } catch (thrown) {
      attempt.body?.cancel();
      error = asMeshError(thrown);
    }
    this.#tried();
    this.#running.delete(attempt);
    if (this.#settled) {
      reply?.body.discard();
      this.#count(attempt, 'lost');
      return;
    }
    const good = reply !== null && reply.status < 500;
    const service = attempt.backend?.service;
    if (good && service !== undefined) latenciesOf(service).add(clock.now(), clock.now() - startedMs);
    // The other attempts may still succeed: a failure that is faster must not win.
    if (!good && this.#running.size > 0) {
      reply?.body.discard();
      this.#count(attempt, 'lost');
      return;
    }
    this.#settled = true;
    this.#cancelTimer?.();
    this.#exchange.endpoint = attempt.endpoint;
    if (attempt.endpoint !== null) attempt.facts.endpoint = attempt.endpoint.id;
    this.#count(attempt, good ? 'won' : 'lost');
    for (const loser of this.#running) loser.abort(lost);
    if (reply !== null) this.#resolve(reply);
    else this.#reject(error as MeshError);
  }

  #count(attempt: Exchange, outcome: 'won' | 'lost'): void {
    if (!attempt.hedge) return;
    this.#parts.meters.hedges(attempt.backend?.service.name ?? '', outcome).value += 1;
  }
}

const lost = new MeshError('hedge_lost', 'Another attempt was faster.', { delivery: 'maybe_sent' });

function fromBoth({ tried }: Exchange, { endpoint }: Exchange): Pick<Exchange, 'tried' | 'endpoint'> {
  return { tried, endpoint };
}
