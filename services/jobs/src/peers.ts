import type { IncomingHttpHeaders } from 'node:http';
import { deadlineOf, type MeshClient, timeoutHeader } from '@banyan/kit/client';
import type { Clock } from '@banyan/kit/clock';
import { traceContext } from '@banyan/kit/trace';
import { JobsError } from './errors.ts';

export interface PeersOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** Credentials at internal paths of others. Null: they are not asked. */
  credentials: { id: string; secret: string } | null;
  now: Clock;
  pageLengthFreshMs: number;
  currencyFreshMs: number;
}

/** The page length of a new store: used until the settings have been read once. */
const initialPageLength = 100;
const timeoutMs = 2_000;

/** What a request needs of others. An owner that cannot be asked fails no request. */
export class Peers {
  readonly #options: PeersOptions;
  #pageLength = initialPageLength;
  #pageLengthUntilMs = Number.NEGATIVE_INFINITY;
  readonly #enabled = new Map<string, number>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** The page length of lists. While the settings cannot be asked, the last one known. */
  async pageLength(headers: IncomingHttpHeaders): Promise<number> {
    const { now, pageLengthFreshMs, credentials } = this.#options;
    if (this.#pageLengthUntilMs > now() || credentials === null) return this.#pageLength;
    const basic = Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64');
    const body = await this.#ask('settings', '/internal/settings', `Basic ${basic}`, headers);
    const length = (body as { data?: { page_length?: unknown } } | undefined)?.data?.page_length;
    if (Number.isInteger(length)) this.#pageLength = length as number;
    this.#pageLengthUntilMs = now() + pageLengthFreshMs;
    return this.#pageLength;
  }

  /**
   * Checks the currency that a request asks for. A job has no price, but the API refuses such a request on any path.
   *
   * @throws JobsError `currency_disabled`
   */
  async requireCurrency(headers: IncomingHttpHeaders): Promise<void> {
    const header = headers['x-moltin-currency'];
    if (typeof header !== 'string' || header.trim() === '') return;
    const code = header.trim().toUpperCase();
    if (!/^[A-Z]{3}$/.test(code)) throw disabled();
    const { now, currencyFreshMs } = this.#options;
    if ((this.#enabled.get(code) ?? Number.NEGATIVE_INFINITY) > now()) return;
    const body = await this.#ask('currencies', '/v2/currencies', headers.authorization ?? '', headers);
    const list = (body as { data?: unknown } | undefined)?.data;
    if (!Array.isArray(list)) return;
    const known = (list as { code: string; enabled: boolean }[]).find((currency) => currency.code === code);
    if (!known?.enabled) throw disabled();
    this.#enabled.set(code, now() + currencyFreshMs);
  }

  /** The JSON body of a reply with 200. Undefined if there is none. */
  async #ask(service: string, path: string, authorization: string, caused: IncomingHttpHeaders): Promise<unknown> {
    const deadlineAtMs = deadlineOf(caused[timeoutHeader], performance.now());
    try {
      const { status, text } = await this.#options.mesh.send({
        ...{ service, method: 'GET', path, headers: { authorization }, trace: traceContext(caused), timeoutMs },
        ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
      });
      return status === 200 ? JSON.parse(text) : undefined;
    } catch {
      return undefined;
    }
  }
}

function disabled(): JobsError {
  return new JobsError('currency_disabled', { detail: 'The selected currency is not enabled on this store' });
}
