import type { IncomingHttpHeaders } from 'node:http';
import { deadlineOf, type MeshClient, timeoutHeader } from '@banyan/kit/client';
import { traceContext } from '@banyan/kit/trace';
import { CartsError } from './errors.ts';

export interface AskingOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** Credentials at internal paths of others. Null: they are not asked. */
  credentials: { id: string; secret: string } | null;
}

export interface Answer {
  status: number;
  body: Readonly<Record<string, unknown>>;
}

const timeoutMs = 3_000;

/** Requests to others, through the mesh and by the name of what they own, whichever side owns it now. */
export class Asking {
  readonly #options: AskingOptions;

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  /**
   * `data` of an internal path, as a list.
   *
   * @throws CartsError `peer_unavailable`, `peer_timeout`: the owner cannot be asked
   */
  async internal<Row>(service: string, path: string, caused: IncomingHttpHeaders): Promise<Row[]> {
    const data = await this.#data(service, path, caused);
    if (!Array.isArray(data)) throw unavailable(service);
    return data as Row[];
  }

  /** One member of `data` of an internal path. @throws as `internal` */
  async internalMember(service: string, path: string, name: string, caused: IncomingHttpHeaders): Promise<unknown> {
    const data = await this.#data(service, path, caused);
    return (data as Readonly<Record<string, unknown>> | undefined)?.[name];
  }

  async #data(service: string, path: string, caused: IncomingHttpHeaders): Promise<unknown> {
    const { credentials } = this.#options;
    if (credentials === null) throw unavailable(service);
    const basic = Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64');
    const { status, body } = await this.ask(service, path, { authorization: `Basic ${basic}` }, caused);
    if (status !== 200) throw unavailable(service);
    return body.data;
  }

  /**
   * @param own headers of the request to the other
   * @param caused headers of the request that causes it
   * @throws CartsError `peer_unavailable`, `peer_timeout`
   */
  async ask(
    service: string,
    path: string,
    own: Readonly<Record<string, string>>,
    caused: IncomingHttpHeaders,
  ): Promise<Answer> {
    const deadlineAtMs = deadlineOf(caused[timeoutHeader], performance.now());
    const { status, text } = await this.#options.mesh.send({
      ...{ service, method: 'GET', path, headers: own, trace: traceContext(caused), timeoutMs },
      ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
    });
    const body = parsed(text);
    if (status >= 500 || body === undefined) throw unavailable(service);
    return { status, body };
  }
}

/** Headers that the caller sent, to be sent on. */
export function forwarded(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  const given = names.map((name) => [name, headers[name]] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

export function unavailable(service: string): CartsError {
  return new CartsError('peer_unavailable', { detail: `The ${service} service cannot be asked now`, retryAfterS: 1 });
}

function parsed(text: string): Answer['body'] | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as Answer['body']) : undefined;
  } catch {
    return undefined;
  }
}
