import { hash } from 'node:crypto';
import { BoundedMap } from '@banyan/kit/bounded-map';
import type { MeshClient } from '@banyan/kit/client';
import type { Clock } from '@banyan/kit/clock';
import type { TraceContext } from '@banyan/kit/trace';
import type { IntrospectionResponse } from '../contract.ts';
import { AuthError } from '../errors.ts';

export interface OpaqueTokensOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** Credentials at the monolith. Null: the monolith is not asked, and no opaque token is valid here. */
  caller: { id: string; secret: string } | null;
  now: Clock;
  entries: number;
  /** How long a valid token is cached. The limit matters because the monolith may revoke a token before it expires. */
  freshMs: number;
  /** While the monolith is unreachable, its last reply is used for this long. */
  staleMs: number;
  /** How long an unknown token is cached as unknown. */
  negativeMs: number;
}

interface Remembered {
  response: IntrospectionResponse;
  /** Until then the monolith is not asked. */
  untilMs: number;
  /** Until then the entry is used while the monolith is unreachable. */
  staleUntilMs: number;
}

const inactive: IntrospectionResponse = { active: false };

/** The format of the monolith's tokens. It is not asked about any other text. */
const opaque = /^[0-9a-f]{40}$/;

/**
 * Introspects the monolith's tokens: asks the monolith (RFC 7662) and caches its reply. A revoked token is refused
 * after `freshMs`, or after `staleMs` while the monolith is unreachable.
 */
export class OpaqueTokens {
  readonly #options: OpaqueTokensOptions;
  readonly #valid: BoundedMap<string, Remembered>;
  /** Separate, so that a flood of invented tokens cannot evict valid ones. */
  readonly #invalid: BoundedMap<string, Remembered>;
  readonly #asking = new Map<string, Promise<IntrospectionResponse>>();

  constructor(options: OpaqueTokensOptions) {
    this.#options = options;
    this.#valid = new BoundedMap(options.entries);
    this.#invalid = new BoundedMap(options.entries);
  }

  /** @throws ServiceError `peer_unavailable`, `peer_timeout`, AuthError `bad_reply` */
  async introspect(token: string, trace: TraceContext): Promise<IntrospectionResponse> {
    if (!this.#options.caller || !opaque.test(token)) return inactive;
    // Keys are digests, so a memory dump does not list tokens.
    const key = hash('sha256', token, 'base64');
    const remembered = this.#valid.get(key) ?? this.#invalid.get(key);
    if (remembered && remembered.untilMs > this.#options.now()) return remembered.response;
    let asking = this.#asking.get(key);
    if (!asking) {
      asking = this.#ask(token, key, trace).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    try {
      return await asking;
    } catch (error) {
      if (remembered && remembered.staleUntilMs > this.#options.now()) return remembered.response;
      throw error;
    }
  }

  async #ask(token: string, key: string, trace: TraceContext): Promise<IntrospectionResponse> {
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
    const response = status === 200 ? readReply(text) : null;
    if (!response)
      throw new AuthError('bad_reply', { detail: `The monolith replied ${status} about a token`, retryable });
    this.#remember(key, response);
    return response;
  }

  #remember(key: string, response: IntrospectionResponse): void {
    const { now, freshMs, staleMs, negativeMs } = this.#options;
    const nowMs = now();
    if (response.active) {
      const endsMs = response.exp * 1_000;
      const untilMs = Math.min(endsMs, nowMs + freshMs);
      this.#invalid.delete(key);
      this.#valid.set(key, { response, untilMs, staleUntilMs: Math.min(endsMs, nowMs + staleMs) });
    } else {
      // Not used when stale: an unknown token may have been issued since.
      const untilMs = nowMs + negativeMs;
      this.#valid.delete(key);
      this.#invalid.set(key, { response, untilMs, staleUntilMs: untilMs });
    }
  }
}

/** Null for a reply that is not an introspection response. */
function readReply(text: string): IntrospectionResponse | null {
  let value: Partial<Extract<IntrospectionResponse, { active: true }>> | { active?: false };
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
