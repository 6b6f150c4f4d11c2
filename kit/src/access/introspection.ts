import { hash } from 'node:crypto';
import type { MeshClient } from '../mesh/client.ts';
import type { TraceContext } from '../mesh/trace.ts';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';
import { BoundedMap } from '../store/bounded-map.ts';

export interface IntrospectionOptions<Found> {
  mesh: Pick<MeshClient, 'send'>;
  /** The service that issued the tokens and is asked about them (RFC 7662), and the path. */
  service: string;
  path: string;
  /** Credentials there (HTTP Basic). Null: it is not asked, and no token is valid here. */
  credentials: { id: string; secret: string } | null;
  /** The form of the tokens, in characters that a form needs not escape. The issuer is not asked about any other text. */
  form: RegExp;
  /**
   * The header of a GET in which the token is sent. Default: a form in a POST, as in RFC 7662. A proxy may repeat a GET, and
   * knows that it writes nothing.
   */
  header?: string;
  /** What a reply about a valid token says; undefined if it is not such a reply. */
  read(reply: Readonly<Record<string, unknown>>): Found | undefined;
  now: Clock;
  /** How many tokens are remembered. */
  entries: number;
  /** A reply is used for this long without asking, and never beyond the token's expiry: until then, a revocation passes unseen. */
  freshMs: number;
  /** While the issuer cannot be reached, its last reply about a valid token is used for this long. */
  staleMs: number;
}

interface Remembered<Found> {
  found: Found | null;
  /** Until then the issuer is not asked. */
  untilMs: number;
  /** Until then the entry is used while the issuer cannot be reached. */
  staleUntilMs: number;
}

/** Asks the issuer about tokens and remembers its replies, in a bounded amount of memory. */
export class Introspection<Found> {
  readonly #options: IntrospectionOptions<Found>;
  readonly #valid: BoundedMap<string, Remembered<Found>>;
  /** Separate, so that a flood of invented tokens cannot evict valid ones. */
  readonly #invalid: BoundedMap<string, Remembered<Found>>;
  readonly #asking = new Map<string, Promise<Found | null>>();

  constructor(options: IntrospectionOptions<Found>) {
    this.#options = options;
    this.#valid = new BoundedMap(options.entries);
    this.#invalid = new BoundedMap(options.entries);
  }

  /**
   * What a token says; null if the token is not valid.
   *
   * @throws ServiceError `peer_unavailable`, `peer_timeout`: the issuer cannot be asked
   */
  async find(token: string, trace: TraceContext): Promise<Found | null> {
    if (this.#options.credentials === null || !this.#options.form.test(token)) return null;
    // Keys are digests, so a memory dump does not list tokens.
    const key = hash('sha256', token, 'base64');
    const remembered = this.#valid.get(key) ?? this.#invalid.get(key);
    if (remembered && remembered.untilMs > this.#options.now()) return remembered.found;
    let asking = this.#asking.get(key);
    if (!asking) {
      asking = this.#ask(token, key, trace).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    try {
      return await asking;
    } catch (error) {
      if (remembered && remembered.staleUntilMs > this.#options.now()) return remembered.found;
      throw error;
    }
  }

  async #ask(token: string, key: string, trace: TraceContext): Promise<Found | null> {
    const { mesh, service, path, credentials, header, read } = this.#options;
    const authorization = `Basic ${Buffer.from(`${credentials?.id}:${credentials?.secret}`).toString('base64')}`;
    const form = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const { status, text, retryable } = await mesh.send({
      ...{ service, path, trace },
      ...(header === undefined
        ? { method: 'POST', headers: form, body: `token=${token}` }
        : { method: 'GET', headers: { authorization, [header]: token } }),
    });
    const reply = status === 200 ? readReply(text, read) : undefined;
    if (reply === undefined) {
      const detail = `The ${service} service replied ${status} about a token`;
      throw new ServiceError('peer_unavailable', { detail, retryable, retryAfterS: 1 });
    }
    this.#remember(key, reply);
    return reply?.found ?? null;
  }

  #remember(key: string, reply: Reply<Found> | null): void {
    const { now, freshMs, staleMs } = this.#options;
    const nowMs = now();
    if (reply) {
      this.#invalid.delete(key);
      const [untilMs, staleUntilMs] = [freshMs, staleMs].map((ms) => Math.min(reply.endsMs, nowMs + ms)) as [
        number,
        number,
      ];
      this.#valid.set(key, { found: reply.found, untilMs, staleUntilMs });
    } else {
      // Not used when stale: an unknown token may have been issued since.
      const untilMs = nowMs + freshMs;
      this.#valid.delete(key);
      this.#invalid.set(key, { found: null, untilMs, staleUntilMs: untilMs });
    }
  }
}

interface Reply<Found> {
  found: Found;
  endsMs: number;
}

/** Null about a token that is not valid; undefined for a text that is not an introspection response. */
function readReply<Found>(text: string, read: IntrospectionOptions<Found>['read']): Reply<Found> | null | undefined {
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value?.active === false) return null;
  if (value?.active !== true) return undefined;
  const found = read(value);
  const { exp } = value;
  if (found === undefined || typeof exp !== 'number' || !Number.isFinite(exp)) return undefined;
  return { found, endsMs: exp * 1_000 };
}
