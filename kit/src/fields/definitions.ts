import type { IncomingHttpHeaders } from 'node:http';
import { Compile } from '../../vendor/typebox.js';
import { deadlineOf, type MeshClient, timeoutHeader } from '../mesh/client.ts';
import { traceContext } from '../mesh/trace.ts';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';
import { Definitions } from './definition.ts';
import { targetQueries, targetsIn } from './targets.ts';

export interface FieldsOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** Credentials at the peer's internal paths. Null: it is not asked, and entities have no fields. */
  credentials: { id: string; secret: string } | null;
  now: Clock;
  /** How long a reply counts for what is shown, and how long the peer rests when it does not reply, in ms. */
  freshMs: number;
}

const timeoutMs = 2_000;
const refreshTimeoutMs = 500;
const isDefinitions = Compile(Definitions);
const noFields: Definitions = { flow: null, fields: [] };

/**
 * What the peer `flows` knows: the fields of one entity, and what their links may lead to. What is shown may be `freshMs`
 * old. Each write asks anew, so that it knows a field that was added just before. The last reply counts while the peer is
 * away.
 */
export class EntityFields {
  readonly #slug: string;
  readonly #options: FieldsOptions;
  #known: Definitions | null;
  #untilMs = Number.NEGATIVE_INFINITY;
  #awayUntilMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  /** Begins when the question that is under way has its reply. */
  #next: Promise<void> | undefined;

  /** @param slug of the entity's flow, such as `brands` */
  constructor(slug: string, options: FieldsOptions) {
    this.#slug = slug;
    this.#options = options;
    this.#known = options.credentials === null ? noFields : null;
  }

  /** The fields, for a reply. Null: the peer could not be asked since this process started. Never rejects. */
  async shown(caused: IncomingHttpHeaders): Promise<Definitions | null> {
    const { now, credentials } = this.#options;
    if (credentials === null || this.#untilMs > now()) return this.#known;
    // Requests that come meanwhile wait for the same reply.
    await (this.#asking ?? this.#begin(caused, this.#known === null ? timeoutMs : refreshTimeoutMs));
    return this.#known;
  }

  /**
   * The fields, for a write: asked after it came, with all other writes that wait meanwhile.
   *
   * @throws ServiceError `peer_unavailable` while they are not known: a write would lose the members that are fields
   */
  async known(caused: IncomingHttpHeaders): Promise<Definitions> {
    if (this.#options.credentials !== null && this.#awayUntilMs <= this.#options.now()) await this.#anew(caused);
    if (this.#known !== null) return this.#known;
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
    const missing = () => new ServiceError('not_found', { detail: `The requested ${to} could not be found` });
    const queries = targetQueries(`to=${encodeURIComponent(to)}`, ids);
    if (queries === undefined) throw missing();
    const deadlineAtMs = deadlineOf(caused[timeoutHeader], performance.now());
    const replies = await Promise.all(
      queries.map((query) => this.#ask(`/internal/fields/targets?${query}`, { caused, timeoutMs, deadlineAtMs })),
    );
    const all = replies.map(targetsIn);
    const types = new Set(all.map(({ type }) => type));
    const found = new Set(all.flatMap((one) => one.ids));
    const [type = null] = types;
    if (type === null || types.size > 1 || !ids.every((id) => found.has(id))) throw missing();
    return type;
  }

  /** Shares only a question that has not been asked yet. */
  #anew(caused: IncomingHttpHeaders): Promise<void> {
    if (this.#asking === undefined) return this.#begin(caused, timeoutMs);
    this.#next ??= this.#asking.then(() => {
      this.#next = undefined;
      return this.#begin(caused, timeoutMs);
    });
    return this.#next;
  }

  #begin(caused: IncomingHttpHeaders, patienceMs: number): Promise<void> {
    const { now, freshMs } = this.#options;
    const asking = this.#read(caused, patienceMs).then((hasReplied) => {
      this.#untilMs = now() + freshMs;
      if (!hasReplied) this.#awayUntilMs = now() + freshMs;
      if (this.#asking === asking) this.#asking = undefined;
    });
    this.#asking = asking;
    return asking;
  }

  /** Many requests wait for it, so the deadline of none ends it. Replies that could go on without it wait less. */
  async #read(caused: IncomingHttpHeaders, patienceMs: number): Promise<boolean> {
    const path = `/internal/fields?slug=${encodeURIComponent(this.#slug)}`;
    const reply = await this.#ask(path, { caused, timeoutMs: patienceMs }).catch(() => undefined);
    const data = (reply as { data?: unknown } | undefined)?.data;
    if (!isDefinitions.Check(data)) return false;
    this.#known = data;
    return true;
  }

  /** The JSON of a reply with 200. Undefined: another reply. */
  async #ask(path: string, { caused, deadlineAtMs, ...limit }: Asked): Promise<unknown> {
    const { mesh, credentials } = this.#options;
    const basic = Buffer.from(`${credentials?.id}:${credentials?.secret}`).toString('base64');
    const { status, text } = await mesh.send({
      ...{ service: 'flows', method: 'GET', path, trace: traceContext(caused), ...limit },
      headers: { authorization: `Basic ${basic}` },
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
}
