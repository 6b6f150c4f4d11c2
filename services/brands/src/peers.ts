import type { IncomingHttpHeaders } from 'node:http';
import { deadlineOf, type MeshClient, timeoutHeader } from '@banyan/kit/client';
import type { Clock } from '@banyan/kit/clock';
import { traceContext } from '@banyan/kit/trace';
import { BrandsError } from './errors.ts';

export interface PeersOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** Credentials at internal paths of others. Null: they are not asked. */
  credentials: { id: string; secret: string } | null;
  now: Clock;
  pageLengthFreshMs: number;
  currencyFreshMs: number;
}

/** Links from brands to products that the caller may see. */
export interface ProductLinks {
  /** By the id of the brand, in the default order of products. */
  ofBrand: ReadonlyMap<string, readonly string[]>;
  /** All of them once, in the default order of products. Empty unless asked for. */
  order: readonly string[];
}

export const noLinks: ProductLinks = { ofBrand: new Map(), order: [] };

/** The page length of a new store: used until the settings have been read once. */
const initialPageLength = 100;
/** How many products one request asks for: as many as a page holds. */
const batch = 100;
const timeoutMs = 2_000;

/**
 * What this service asks of others, through the mesh and by the name of what they own, whichever side owns it now. An
 * owner that cannot be asked fails no request: what it knows is then absent.
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

  /** The products of brands. Null: their owner cannot be asked. Never rejects. */
  async productsOf(
    brandIds: readonly string[],
    { liveOnly, ordered }: { liveOnly: boolean; ordered: boolean },
    headers: IncomingHttpHeaders,
  ): Promise<ProductLinks | null> {
    if (brandIds.length === 0) return noLinks;
    const path = `/internal/links/brands?ids=${brandIds.join(',')}&live=${liveOnly}&order=${ordered}`;
    const reply = await this.#ask('products', path, this.#basic(), headers);
    if (reply?.status !== 200) return null;
    const { data, meta } = reply.body as { data?: { id: string; products: string[] }[]; meta?: { order: string[] } };
    if (!Array.isArray(data)) return null;
    return { ofBrand: new Map(data.map(({ id, products }) => [id, products])), order: (ordered && meta?.order) || [] };
  }

  /**
   * The products with these ids that the caller may see, in the order of the ids. Null: their owner cannot be asked.
   *
   * @throws BrandsError `bad_request`: the owner refuses the caller's headers
   */
  async products(ids: readonly string[], headers: IncomingHttpHeaders): Promise<{ id: string }[] | null> {
    const batches = Array.from({ length: Math.ceil(ids.length / batch) }, (_, index) =>
      ids.slice(index * batch, (index + 1) * batch),
    );
    const own = forwarded(headers, decisive);
    const replies = await Promise.all(
      batches.map((some) =>
        this.#ask('products', `/v2/products?page[limit]=${batch}&filter=in(id,${some.join(',')})`, own, headers),
      ),
    );
    const refusal = replies.find((reply) => reply?.status === 400);
    if (refusal) throw refused(refusal.body);
    const lists = replies.map((reply) => (reply?.status === 200 ? (reply.body as { data?: unknown }).data : null));
    if (!lists.every((list) => Array.isArray(list))) return null;
    const found = new Map((lists.flat() as { id: string }[]).map((product) => [product.id, product]));
    return ids.flatMap((id) => found.get(id) ?? []);
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
    const reply = await this.#ask('settings', '/internal/settings', this.#basic(), headers);
    const length = (reply?.body as { data?: { page_length?: unknown } } | undefined)?.data?.page_length;
    if (reply?.status === 200 && Number.isInteger(length)) this.#pageLength = length as number;
  }

  /**
   * Checks the currency that a request asks for. A brand has no price, but the API refuses such a request on any path.
   *
   * @throws BrandsError `currency_disabled`
   */
  async requireCurrency(headers: IncomingHttpHeaders): Promise<void> {
    const header = headers['x-moltin-currency'];
    if (typeof header !== 'string' || header.trim() === '') return;
    const code = header.trim().toUpperCase();
    if (!/^[A-Z]{3}$/.test(code)) throw disabled();
    const { now, currencyFreshMs } = this.#options;
    if ((this.#enabled.get(code) ?? Number.NEGATIVE_INFINITY) > now()) return;
    const reply = await this.#ask('currencies', '/v2/currencies', forwarded(headers, ['authorization']), headers);
    const list = reply?.status === 200 ? (reply.body as { data?: unknown }).data : null;
    if (!Array.isArray(list)) return;
    const known = (list as { code: string; enabled: boolean }[]).find((currency) => currency.code === code);
    if (!known?.enabled) throw disabled();
    this.#enabled.set(code, now() + currencyFreshMs);
  }

  #basic(): Record<string, string> | null {
    const { credentials } = this.#options;
    if (credentials === null) return null;
    return { authorization: `Basic ${Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64')}` };
  }

  /** The status and the JSON body of a reply. Undefined if there is none. `own`: headers of the request to the peer. */
  async #ask(
    service: string,
    path: string,
    own: Record<string, string> | null,
    caused: IncomingHttpHeaders,
  ): Promise<{ status: number; body: object } | undefined> {
    if (own === null) return undefined;
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

/** What the caller sent that decides about the products that it sees. */
const decisive = ['authorization', 'x-moltin-currency', 'x-moltin-language', 'x-moltin-customer-token'];

function forwarded(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  const given = names.map((name) => [name, headers[name]] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function refused(body: unknown): BrandsError {
  const [fault] = (body as { errors?: { title?: string; detail?: string }[] }).errors ?? [];
  const { title = 'Bad Request', detail = 'The request was refused' } = fault ?? {};
  return new BrandsError('bad_request', { title, detail });
}

function disabled(): BrandsError {
  return new BrandsError('currency_disabled', { detail: 'The selected currency is not enabled on this store' });
}
