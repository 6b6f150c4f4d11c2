import type { IncomingHttpHeaders } from 'node:http';
import { Compile } from '../../vendor/typebox.js';
import { deadlineOf, type MeshClient, timeoutHeader } from '../mesh/client.ts';
import { traceContext } from '../mesh/trace.ts';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';
import { Definitions } from './definition.ts';

export interface FieldsOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** Credentials at the peer's internal paths. Null: it is not asked, and entities have no fields. */
  credentials: { id: string; secret: string } | null;
  now: Clock;
  /** How long a reply counts, in ms. */
  freshMs: number;
}

const timeoutMs = 2_000;
const refreshTimeoutMs = 500;
const isDefinitions = Compile(Definitions);
const noFields: Definitions = { flow: null, fields: [] };

/**
 * What the peer `flows` knows: the fields of one entity, and what their links may lead to. Its reply counts for
 * `freshMs`, and for as long as the peer is away.
 */
export class EntityFields {
  readonly #slug: string;
  readonly #options: FieldsOptions;
  #known: Definitions | null;
  #untilMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  /** @param slug of the entity's flow, such as `brands` */
  constructor(slug: string, options: FieldsOptions) {
    this.#slug = slug;
    this.#options = options;
    this.#known = options.credentials === null ? noFields : null;
  }

  /** The fields, for a reply. Null: the peer could not be asked since this process started. Never rejects. */
  async shown(caused: IncomingHttpHeaders): Promise<Definitions | null> {
    const { now, freshMs, credentials } = this.#options;
    if (credentials === null || this.#untilMs > now()) return this.#known;
    // Requests that come meanwhile wait for the same reply.
    this.#asking ??= this.#read(caused).finally(() => {
      this.#asking = undefined;
      this.#untilMs = now() + freshMs;
    });
    await this.#asking;
    return this.#known;
  }

  /**
   * The fields, for a write.
   *
   * @throws ServiceError `peer_unavailable` while they are not known: a write would lose the members that are fields
   */
  async known(caused: IncomingHttpHeaders): Promise<Definitions> {
    const definitions = await this.shown(caused);
    if (definitions !== null) return definitions;
    throw new ServiceError('peer_unavailable', {
      retryAfterS: 1,
      detail: 'The fields of this entity are not known yet',
    });
  }

  /**
   * Makes sure that the targets of links exist.
   *
   * @param to what the field's rule names
   * @returns the `type` of links to them
   * @throws ServiceError `not_found`: one of them does not exist; `peer_unavailable`, `peer_timeout`
   */
  async requireTargets(to: string, ids: readonly string[], caused: IncomingHttpHeaders): Promise<string> {
    const reply = await this.#ask('POST', '/internal/fields/targets', {
      ...{ caused, timeoutMs, deadlineAtMs: deadlineOf(caused[timeoutHeader], performance.now()) },
      body: { to, ids },
    });
    const { type, ids: found } = (reply as { data?: { type?: unknown; ids?: unknown } } | undefined)?.data ?? {};
    if (type !== null && (typeof type !== 'string' || !Array.isArray(found))) {
      throw new ServiceError('peer_unavailable', { retryAfterS: 1, detail: 'The flows service cannot be reached' });
    }
    if (type === null || !ids.every((id) => (found as unknown[]).includes(id))) {
      throw new ServiceError('not_found', { detail: `The requested ${to} could not be found` });
    }
    return type;
  }

  /** Many requests wait for it, so the deadline of none ends it. Those that could go on without it wait less. */
  async #read(caused: IncomingHttpHeaders): Promise<void> {
    const path = `/internal/fields?slug=${encodeURIComponent(this.#slug)}`;
    const patienceMs = this.#known === null ? timeoutMs : refreshTimeoutMs;
    const reply = await this.#ask('GET', path, { caused, timeoutMs: patienceMs }).catch(() => undefined);
    const data = (reply as { data?: unknown } | undefined)?.data;
    if (isDefinitions.Check(data)) this.#known = data;
  }

  /** The JSON of a reply with 200. Undefined: another reply. */
  async #ask(method: 'GET' | 'POST', path: string, { caused, body, deadlineAtMs, ...limit }: Asked): Promise<unknown> {
    const { mesh, credentials } = this.#options;
    const basic = Buffer.from(`${credentials?.id}:${credentials?.secret}`).toString('base64');
    const { status, text } = await mesh.send({
      ...{ service: 'flows', method, path, trace: traceContext(caused), ...limit },
      headers: { authorization: `Basic ${basic}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      ...(deadlineAtMs !== undefined && { deadlineAtMs }),
    });
    try {
      return status === 200 ? JSON.parse(text) : undefined;
    } catch {
      return undefined;
    }
  }
}

interface Asked {
  /** Headers of the request that causes this one. */
  caused: IncomingHttpHeaders;
  timeoutMs: number;
  deadlineAtMs?: number | undefined;
  body?: object;
}
