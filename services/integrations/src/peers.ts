import type { IncomingHttpHeaders } from 'node:http';
import { deadlineOf, type MeshClient, timeoutHeader } from '@banyan/kit/client';
import type { Clock } from '@banyan/kit/clock';
import { traceContext } from '@banyan/kit/trace';
import { IntegrationsError } from './errors.ts';

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

/**
 * What this service asks of others, through the mesh and by the name of what they own, whichever side owns it now. An
 * owner that cannot be asked fails no request.
 */
export class Peers {
  readonly #options: PeersOptions;
  #pageLength = initialPageLength;
  #pageLengthUntilMs = Number.NEGATIVE_INFINITY;
  #askingPageLength: Promise<void> | undefined;
  readonly #enabled = new Map<string, number>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** The page length of lists. While the settings cannot be asked, the last one known. */
  async pageLength(headers: IncomingHttpHeaders): Promise<number> {
    const { now, pageLengthFreshMs } = this.#options;
    if (this.#pageLengthUntilMs > now()) return this.#pageLength;
    this.#askingPageLength ??= this.#readPageLength(headers).finally(() => {
      this.#askingPageLength = undefined;
      this.#pageLengthUntilMs = now() + pageLengthFreshMs;
    });
    await this.#askingPageLength;
    return this.#pageLength;
  }

  async #readPageLength(headers: IncomingHttpHeaders): Promise<void> {
    const { credentials } = this.#options;
    if (credentials === null) return;
    const basic = Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64');
    const reply = await this.#ask('settings', '/internal/settings', { authorization: `Basic ${basic}` }, headers);
    const length = (reply?.body as { data?: { page_length?: unknown } } | undefined)?.data?.page_length;
    if (reply?.status === 200 && Number.isInteger(length)) this.#pageLength = length as number;
  }

  /**
   * Checks the currency that a request asks for. An integration has no price, but the API refuses such a request on any
   * path.
   *
   * @throws IntegrationsError `currency_disabled`
   */
  async requireCurrency(headers: IncomingHttpHeaders): Promise<void> {
    const header = headers['x-moltin-currency'];
    if (typeof header !== 'string' || header.trim() === '') return;
    const code = header.trim().toUpperCase();
    if (!/^[A-Z]{3}$/.test(code)) throw disabled();
    const { now, currencyFreshMs } = this.#options;
    if ((this.#enabled.get(code) ?? Number.NEGATIVE_INFINITY) > now()) return;
    const { authorization } = headers;
    const own = authorization === undefined ? {} : { authorization };
    const reply = await this.#ask('currencies', '/v2/currencies', own, headers);
    const list = reply?.status === 200 ? (reply.body as { data?: unknown }).data : null;
    if (!Array.isArray(list)) return;
    const known = (list as { code: string; enabled: boolean }[]).find((currency) => currency.code === code);
    if (!known?.enabled) throw disabled();
    this.#enabled.set(code, now() + currencyFreshMs);
  }

  /** The status and the JSON body of a reply. Undefined if there is none. `own`: headers of the request to the peer. */
  async #ask(
    service: string,
    path: string,
    own: Record<string, string>,
    caused: IncomingHttpHeaders,
  ): Promise<{ status: number; body: object } | undefined> {
    const deadlineAtMs = deadlineOf(caused[timeoutHeader], performance.now());
    try {
      const { status, text } = await this.#options.mesh.send({
        ...{ service, method: 'GET', path, headers: own, trace: traceContext(caused), timeoutMs },
        ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
      });
      const body: unknown = JSON.parse(text);
      return typeof body === 'object' && body !== null ? { status, body } : undefined;
    } catch {
      return undefined;
    }
  }
}

function disabled(): IntegrationsError {
  return new IntegrationsError('currency_disabled', { detail: 'The selected currency is not enabled on this store' });
}
