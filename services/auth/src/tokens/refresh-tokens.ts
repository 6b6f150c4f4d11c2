import type { MeshClient } from '@banyan/kit/client';
import type { TraceContext } from '@banyan/kit/trace';
import { paths, type TokenAnswer } from '../contract.ts';
import type { Grant } from '../domain.ts';
import { AuthError } from '../errors.ts';

/** The request on whose behalf a token is redeemed. */
export interface RedeemContext {
  trace: TraceContext;
  /** Monotonic ms; undefined where the caller does not say. */
  deadlineAtMs?: number | undefined;
  /** The header as it came. */
  idempotencyKey?: string | string[] | undefined;
}

/** What the monolith refuses is refused here in the same way. */
const refusals: Readonly<Record<number, () => AuthError>> = {
  400: () => new AuthError('invalid_request', { detail: 'The refresh token or the Idempotency-Key is malformed' }),
  401: () => new AuthError('invalid_client', { detail: 'The refresh token is not valid' }),
  409: () =>
    new AuthError('in_progress', {
      detail: 'A request with this Idempotency-Key is under way; try again',
      retryAfterS: 1,
    }),
  422: () => new AuthError('key_reused', { detail: 'This Idempotency-Key was sent before with another body' }),
  429: () =>
    new AuthError('rate_limited', { detail: 'Too many access tokens were asked for within a minute', retryAfterS: 1 }),
};

/**
 * Refresh tokens are the monolith's: it made them, beside its implicit tokens, and knows which are used up. So it is
 * asked to redeem them, as long as there are any. This service makes none: who may ask for an implicit token needs
 * nothing but the client id, for the first one as for the next.
 */
export class RefreshTokens {
  readonly #mesh: Pick<MeshClient, 'send'>;

  constructor(mesh: Pick<MeshClient, 'send'>) {
    this.#mesh = mesh;
  }

  /**
   * An `Idempotency-Key` goes to the monolith with the token: the key is stored where the token is used up, in the same
   * transaction. So a retry gets the same tokens again, whichever side of a move it reaches, and no token is stored here.
   *
   * @throws AuthError `invalid_client`, `invalid_request`, `key_reused`, `in_progress`, `rate_limited`, `bad_answer`;
   * ServiceError `peer_unavailable`, `peer_timeout`
   */
  async redeem(
    grant: Extract<Grant, { type: 'refresh_token' }>,
    { trace, deadlineAtMs, idempotencyKey }: RedeemContext,
  ): Promise<TokenAnswer> {
    const key = keyHeader(idempotencyKey);
    const { status, text, retryable } = await this.#mesh.send({
      service: 'monolith',
      method: 'POST',
      path: paths.token,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...key },
      body: new URLSearchParams({
        grant_type: grant.type,
        client_id: grant.clientId,
        refresh_token: grant.refreshToken,
      }).toString(),
      trace,
      // The monolith's own way to a token is slow.
      timeoutMs: 10_000,
      // A refresh token works once: it must not be used up for a caller who has gone.
      ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
    });
    const refusal = refusals[status];
    if (refusal) throw refusal();
    const answer = status === 200 ? readAnswer(text) : null;
    if (!answer)
      throw new AuthError('bad_answer', { detail: `The monolith answered ${status} about a refresh token`, retryable });
    return answer;
  }
}

/** What is no header value cannot be sent on; whether it is a key is the monolith's to say. */
function keyHeader(given: string | string[] | undefined): Record<string, string> {
  if (given === undefined) return {};
  const value = String(given);
  const readable = /^[\t\x20-\x7e]{1,1024}$/.test(value);
  if (!readable) throw new AuthError('invalid_request', { detail: 'The Idempotency-Key is malformed' });
  return { 'idempotency-key': value };
}

/** Null for anything that is not the answer agreed on. */
function readAnswer(text: string): TokenAnswer | null {
  try {
    const answer = JSON.parse(text) as TokenAnswer;
    const complete = typeof answer.access_token === 'string' && Number.isInteger(answer.expires);
    return complete ? answer : null;
  } catch {
    return null;
  }
}
