import type { MeshClient } from '@banyan/kit/client';
import type { TraceContext } from '@banyan/kit/trace';
import { paths, type TokenResponse } from '../contract.ts';
import type { Grant } from '../domain.ts';
import { AuthError } from '../errors.ts';

/** The request that redeems a refresh token. */
export interface RedeemContext {
  trace: TraceContext;
  /** When the caller stops waiting, in monotonic ms. Undefined if unknown. */
  deadlineAtMs?: number | undefined;
  /** The header as received. */
  idempotencyKey?: string | string[] | undefined;
}

/** Errors for the monolith's refusals, with the same status. */
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
 * Redeems refresh tokens at the monolith, which issued them together with its implicit tokens and knows which are used.
 * This service issues none: an implicit token needs only the client id, so a client can simply request another one.
 */
export class RefreshTokens {
  readonly #mesh: Pick<MeshClient, 'send'>;

  constructor(mesh: Pick<MeshClient, 'send'>) {
    this.#mesh = mesh;
  }

  /**
   * Sends the `Idempotency-Key` to the monolith with the token. The monolith stores the key in the transaction that
   * uses the token. A retry gets the same tokens again, on either side of a move, and this service stores no token.
   *
   * @throws AuthError `invalid_client`, `invalid_request`, `key_reused`, `in_progress`, `rate_limited`, `bad_reply`;
   * ServiceError `peer_unavailable`, `peer_timeout`
   */
  async redeem(
    grant: Extract<Grant, { type: 'refresh_token' }>,
    { trace, deadlineAtMs, idempotencyKey }: RedeemContext,
  ): Promise<TokenResponse> {
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
      // The monolith is slow to issue a token.
      timeoutMs: 10_000,
      // A refresh token works once, so it must not be used for a caller that has stopped waiting.
      ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
    });
    const refusal = refusals[status];
    if (refusal) throw refusal();
    const response = status === 200 ? readReply(text) : null;
    if (!response)
      throw new AuthError('bad_reply', { detail: `The monolith replied ${status} about a refresh token`, retryable });
    return response;
  }
}

/** Refuses a value that cannot be sent as a header. The monolith decides whether it is a valid key. */
function keyHeader(given: string | string[] | undefined): Record<string, string> {
  if (given === undefined) return {};
  const value = String(given);
  const readable = /^[\t\x20-\x7e]{1,1024}$/.test(value);
  if (!readable) throw new AuthError('invalid_request', { detail: 'The Idempotency-Key is malformed' });
  return { 'idempotency-key': value };
}

/** Null for a reply that is not a token response. */
function readReply(text: string): TokenResponse | null {
  try {
    const response = JSON.parse(text) as TokenResponse;
    const complete = typeof response.access_token === 'string' && Number.isInteger(response.expires);
    return complete ? response : null;
  } catch {
    return null;
  }
}
