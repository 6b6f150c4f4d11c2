import { hash } from 'node:crypto';
import { BoundedMap } from '@banyan/kit/bounded-map';
import type { MeshClient } from '@banyan/kit/client';
import type { Clock } from '@banyan/kit/clock';
import type { TraceContext } from '@banyan/kit/trace';
import type { IntrospectionAnswer } from '../contract.ts';
import { AuthError } from '../errors.ts';

export interface OpaqueTokensOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** As whom the monolith is asked; null: nobody is asked, and no opaque token is valid here. */
  caller: { id: string; secret: string } | null;
  now: Clock;
  entries: number;
  /** How long a valid token is believed to be valid without asking again: it may be revoked before it expires. */
  freshMs: number;
  /** While the monolith cannot be asked, what it said last is believed for this long. */
  staleMs: number;
  /** How long an unknown token is remembered as unknown. */
  negativeMs: number;
}

interface Remembered {
  answer: IntrospectionAnswer;
  /** Until then nobody is asked. */
  untilMs: number;
  /** Until then it is better than nothing. */
  staleUntilMs: number;
}

const inactive: IntrospectionAnswer = { active: false };

/** What the monolith issues; anything else is not worth asking about. */
const opaque = /^[0-9a-f]{40}$/;

/**
 * The monolith's tokens: it is asked about each (RFC 7662), and what it says is believed for a while. A token that it has
 * revoked is refused here after `freshMs`, and after `staleMs` when the monolith cannot be asked.
 */
export class OpaqueTokens {
  readonly #options: OpaqueTokensOptions;
  readonly #valid: BoundedMap<string, Remembered>;
  /** Apart, so that a flood of invented tokens cannot push out valid ones. */
  readonly #invalid: BoundedMap<string, Remembered>;
  readonly #asking = new Map<string, Promise<IntrospectionAnswer>>();

  constructor(options: OpaqueTokensOptions) {
    this.#options = options;
    this.#valid = new BoundedMap(options.entries);
    this.#invalid = new BoundedMap(options.entries);
  }

  /** @throws ServiceError `peer_unavailable`, `peer_timeout`, AuthError `bad_answer` */
  async introspect(token: string, trace: TraceContext): Promise<IntrospectionAnswer> {
    if (!this.#options.caller || !opaque.test(token)) return inactive;
    // Memory holds digests: a dump of it is no list of tokens.
    const key = hash('sha256', token, 'base64');
    const remembered = this.#valid.get(key) ?? this.#invalid.get(key);
    if (remembered && remembered.untilMs > this.#options.now()) return remembered.answer;
    let asking = this.#asking.get(key);
    if (!asking) {
      asking = this.#ask(token, key, trace).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    try {
      return await asking;
    } catch (error) {
      if (remembered && remembered.staleUntilMs > this.#options.now()) return remembered.answer;
      throw error;
    }
  }

  async #ask(token: string, key: string, trace: TraceContext): Promise<IntrospectionAnswer> {
    const { mesh, caller } = this.#options;
    const credentials = Buffer.from(`${caller?.id}:${caller?.secret}`).toString('base64');
    const { status, text, retryable } = await mesh.send({
      service: 'monolith',
      method: 'POST',
      path: '/oauth/introspect',
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${token}`,
      trace,
    });
    const answer = status === 200 ? readAnswer(text) : null;
    if (!answer)
      throw new AuthError('bad_answer', { detail: `The monolith answered ${status} about a token`, retryable });
    this.#remember(key, answer);
    return answer;
  }

  #remember(key: string, answer: IntrospectionAnswer): void {
    const { now, freshMs, staleMs, negativeMs } = this.#options;
    const nowMs = now();
    if (answer.active) {
      const endsMs = answer.exp * 1_000;
      const untilMs = Math.min(endsMs, nowMs + freshMs);
      this.#invalid.delete(key);
      this.#valid.set(key, { answer, untilMs, staleUntilMs: Math.min(endsMs, nowMs + staleMs) });
    } else {
      // An unknown token is refused for as long as its answer is fresh, and no longer: it may have been issued since.
      const untilMs = nowMs + negativeMs;
      this.#valid.delete(key);
      this.#invalid.set(key, { answer, untilMs, staleUntilMs: untilMs });
    }
  }
}

/** Null for anything that is not the answer agreed on. */
function readAnswer(text: string): IntrospectionAnswer | null {
  let value: Partial<Extract<IntrospectionAnswer, { active: true }>> | { active?: false };
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value?.active === false) return inactive;
  if (value?.active !== true) return null;
  const { client_id, identifier, scope = '', exp } = value;
  if (typeof client_id !== 'string' || typeof exp !== 'number' || !Number.isFinite(exp)) return null;
  if (identifier !== 'implicit' && identifier !== 'client_credentials') return null;
  return { active: true, client_id, identifier, scope: String(scope), exp, token_type: 'Bearer' };
}
