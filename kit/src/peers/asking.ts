import type { IncomingHttpHeaders } from 'node:http';
import { deadlineOf, type MeshClient, timeoutHeader } from '../mesh/client.ts';
import { traceContext } from '../mesh/trace.ts';
import { ServiceError } from '../service/errors.ts';

export interface AskingOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** Credentials at internal paths of others. Null: they are not asked. */
  credentials: { id: string; secret: string } | null;
  /** For one request, with its reply. */
  timeoutMs?: number;
}

/** What another service replied: its status, below 500, and the members of its JSON body. */
export interface PeerReply {
  status: number;
  body: Readonly<Record<string, unknown>>;
}

/**
 * GET requests to others, through the mesh and by the name of what they own, whichever side owns it now. Each joins the
 * trace of the request that causes it, and ends when that caller stops waiting.
 */
export class Asking {
  readonly #mesh: Pick<MeshClient, 'send'>;
  readonly #authorization: string | null;
  readonly #timeoutMs: number;

  constructor({ mesh, credentials, timeoutMs = 5_000 }: AskingOptions) {
    this.#mesh = mesh;
    this.#authorization =
      credentials && `Basic ${Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64')}`;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @param own headers of the request to the other
   * @param caused headers of the request that causes it
   * @throws ServiceError `peer_unavailable`, `peer_timeout`: there is no usable reply, or one of 500 and above
   */
  async ask(
    service: string,
    path: string,
    own: Readonly<Record<string, string>>,
    caused: IncomingHttpHeaders,
  ): Promise<PeerReply> {
    const deadlineAtMs = deadlineOf(caused[timeoutHeader], performance.now());
    const { status, text } = await this.#mesh.send({
      ...{ service, method: 'GET', path, headers: own, trace: traceContext(caused), timeoutMs: this.#timeoutMs },
      ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
    });
    const body = membersIn(text);
    if (status >= 500 || body === undefined) throw unavailable(service);
    return { status, body };
  }

  /**
   * The body of an internal path, for which this service has credentials.
   *
   * @throws ServiceError as `ask`; also if there are no credentials, or the status is not 200
   */
  async internal(service: string, path: string, caused: IncomingHttpHeaders): Promise<PeerReply['body']> {
    if (this.#authorization === null) throw unavailable(service);
    const { status, body } = await this.ask(service, path, { authorization: this.#authorization }, caused);
    if (status !== 200) throw unavailable(service);
    return body;
  }

  /** `data` of an internal path, as a list. @throws ServiceError as `internal` */
  async internalList<Row>(service: string, path: string, caused: IncomingHttpHeaders): Promise<Row[]> {
    const { data } = await this.internal(service, path, caused);
    if (!Array.isArray(data)) throw unavailable(service);
    return data as Row[];
  }
}

/** Headers that the caller sent, to be sent on. Those that are missing are left out. */
export function forwarded(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  const given = names.map((name) => [name, headers[name]] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The error of a request that needs a reply of another service, and gets none that is usable. */
export function unavailable(service: string): ServiceError<'peer_unavailable'> {
  return new ServiceError('peer_unavailable', { detail: `The ${service} service cannot be asked now`, retryAfterS: 1 });
}

function membersIn(text: string): PeerReply['body'] | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as PeerReply['body']) : undefined;
  } catch {
    return undefined;
  }
}
