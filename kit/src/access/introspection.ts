import { hash } from 'node:crypto';
import type { MeshClient } from '../mesh/client.ts';
import type { TraceContext } from '../mesh/trace.ts';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';
import { BoundedMap } from '../store/bounded-map.ts';
import type { Access } from './access.ts';

export interface IntrospectionOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** The service that issued the tokens and is asked about them (RFC 7662), and the path. */
  service: string;
  path: string;
  /** Credentials there (HTTP Basic). Null: it is not asked, and no opaque token is valid here. */
  credentials: { id: string; secret: string } | null;
  now: Clock;
  /** How many tokens are remembered. */
  entries: number;
  /** A reply is used for this long without asking, and never beyond the token's expiry: until then, a revocation passes unseen. */
  freshMs: number;
  /** While the issuer cannot be reached, its last reply about a valid token is used for this long. */
  staleMs: number;
}

interface Remembered {
  access: Access | null;
  /** Until then the issuer is not asked. */
  untilMs: number;
  /** Until then the entry is used while the issuer cannot be reached. */
  staleUntilMs: number;
}

/** The form of opaque tokens. The issuer is not asked about any other text. */
const opaque = /^[0-9a-f]{40}$/;

/** Asks the issuer about opaque tokens and remembers its replies, in a bounded amount of memory. */
export class Introspection {
  readonly #options: IntrospectionOptions;
  readonly #valid: BoundedMap<string, Remembered>;
  /** Separate, so that a flood of invented tokens cannot evict valid ones. */
  readonly #invalid: BoundedMap<string, Remembered>;
  readonly #asking = new Map<string, Promise<Access | null>>();

  constructor(options: IntrospectionOptions) {
    this.#options = options;
    this.#valid = new BoundedMap(options.entries);
    this.#invalid = new BoundedMap(options.entries);
  }

  /**
   * The caller that a token identifies; null if the token is not valid.
   *
   * @throws ServiceError `peer_unavailable`, `peer_timeout`: the issuer cannot be asked
   */
  async find(token: string, trace: TraceContext): Promise<Access | null> {
    if (this.#options.credentials === null || !opaque.test(token)) return null;
    // Keys are digests, so a memory dump does not list tokens.
    const key = hash('sha256', token, 'base64');
    const remembered = this.#valid.get(key) ?? this.#invalid.get(key);
    if (remembered && remembered.untilMs > this.#options.now()) return remembered.access;
    let asking = this.#asking.get(key);
    if (!asking) {
      asking = this.#ask(token, key, trace).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    try {
      return await asking;
    } catch (error) {
      if (remembered && remembered.staleUntilMs > this.#options.now()) return remembered.access;
      throw error;
    }
  }

  async #ask(token: string, key: string, trace: TraceContext): Promise<Access | null> {
    const { mesh, service, path, credentials } = this.#options;
    const basic = Buffer.from(`${credentials?.id}:${credentials?.secret}`).toString('base64');
    const { status, text, retryable } = await mesh.send({
      service,
      method: 'POST',
      path,
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${token}`,
      trace,
    });
    const reply = status === 200 ? readReply(text) : undefined;
    if (reply === undefined) {
      const detail = `The ${service} service replied ${status} about a token`;
      throw new ServiceError('peer_unavailable', { detail, retryable, retryAfterS: 1 });
    }
    this.#remember(key, reply);
    return reply?.access ?? null;
  }

  #remember(key: string, reply: Reply | null): void {
    const { now, freshMs, staleMs } = this.#options;
    const nowMs = now();
    if (reply) {
      this.#invalid.delete(key);
      const [untilMs, staleUntilMs] = [freshMs, staleMs].map((ms) => Math.min(reply.endsMs, nowMs + ms)) as [
        number,
        number,
      ];
      this.#valid.set(key, { access: reply.access, untilMs, staleUntilMs });
    } else {
      // Not used when stale: an unknown token may have been issued since.
      const untilMs = nowMs + freshMs;
      this.#valid.delete(key);
      this.#invalid.set(key, { access: null, untilMs, staleUntilMs: untilMs });
    }
  }
}

interface Reply {
  access: Access;
  endsMs: number;
}

/** Null about a token that is not valid; undefined for a text that is not an introspection response. */
function readReply(text: string): Reply | null | undefined {
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value?.active === false) return null;
  if (value?.active !== true) return undefined;
  const { client_id: clientId, identifier: kind, scope, exp } = value;
  if (typeof clientId !== 'string' || typeof exp !== 'number' || !Number.isFinite(exp)) return undefined;
  if (kind !== 'implicit' && kind !== 'client_credentials') return undefined;
  return { access: { kind, clientId, scope: typeof scope === 'string' ? scope : '' }, endsMs: exp * 1_000 };
}
