import type { MeshClient } from '@banyan/kit/client';
import type { TraceContext } from '@banyan/kit/trace';
import { paths, type TokenAnswer } from '../contract.ts';
import type { Grant } from '../domain.ts';
import { AuthError } from '../errors.ts';

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

  /** @throws AuthError `invalid_client`, `bad_answer`; ServiceError `peer_unavailable`, `peer_timeout` */
  async redeem(
    grant: Extract<Grant, { type: 'refresh_token' }>,
    trace: TraceContext,
    deadlineAtMs?: number,
  ): Promise<TokenAnswer> {
    const { status, text, retryable } = await this.#mesh.send({
      service: 'monolith',
      method: 'POST',
      path: paths.token,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
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
    if (status === 401) throw new AuthError('invalid_client', { detail: 'The refresh token is not valid' });
    const answer = status === 200 ? readAnswer(text) : null;
    if (!answer)
      throw new AuthError('bad_answer', { detail: `The monolith answered ${status} about a refresh token`, retryable });
    return answer;
  }
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
