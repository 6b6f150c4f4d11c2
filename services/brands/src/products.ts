import type { IncomingHttpHeaders } from 'node:http';
import { type Asking, forwarded } from '@banyan/kit/peers';
import { BrandsError } from './errors.ts';

/** Links from brands to products that the caller may see. */
export interface ProductLinks {
  /** By the id of the brand, in the default order of products. */
  ofBrand: ReadonlyMap<string, readonly string[]>;
  /** All of them once, in the default order of products. Empty unless asked for. */
  order: readonly string[];
}

export const noLinks: ProductLinks = { ofBrand: new Map(), order: [] };

/** How many products one request asks for: as many as a page holds. */
const batch = 100;

/** What this service asks of the owner of the products. If it cannot be asked, what it knows is absent. */
export class Products {
  readonly #asking: Asking;

  constructor(asking: Asking) {
    this.#asking = asking;
  }

  /** The products of brands. Null: their owner cannot be asked. Never rejects. */
  async ofBrands(
    brandIds: readonly string[],
    { liveOnly, ordered }: { liveOnly: boolean; ordered: boolean },
    headers: IncomingHttpHeaders,
  ): Promise<ProductLinks | null> {
    if (brandIds.length === 0) return noLinks;
    const path = `/internal/links/brands?ids=${brandIds.join(',')}&live=${liveOnly}&order=${ordered}`;
    const body = await this.#asking.internal('products', path, headers).catch(() => ({}));
    const { data, meta } = body as { data?: { id: string; products: string[] }[]; meta?: { order: string[] } };
    if (!Array.isArray(data)) return null;
    return { ofBrand: new Map(data.map(({ id, products }) => [id, products])), order: (ordered && meta?.order) || [] };
  }

  /**
   * The products with these ids that the caller may see, in the order of the ids. Null: their owner cannot be asked.
   *
   * @throws BrandsError `bad_request`: the owner refuses the caller's headers
   */
  async byIds(ids: readonly string[], headers: IncomingHttpHeaders): Promise<{ id: string }[] | null> {
    const batches = Array.from({ length: Math.ceil(ids.length / batch) }, (_, index) =>
      ids.slice(index * batch, (index + 1) * batch),
    );
    const own = forwarded(headers, decisive);
    const replies = await Promise.all(
      batches.map((some) =>
        this.#asking
          .ask('products', `/v2/products?page[limit]=${batch}&filter=in(id,${some.join(',')})`, own, headers)
          .catch(() => null),
      ),
    );
    const refusal = replies.find((reply) => reply?.status === 400);
    if (refusal) throw refused(refusal.body);
    const lists = replies.map((reply) => (reply?.status === 200 ? reply.body.data : null));
    if (!lists.every((list) => Array.isArray(list))) return null;
    const found = new Map((lists.flat() as { id: string }[]).map((product) => [product.id, product]));
    return ids.flatMap((id) => found.get(id) ?? []);
  }
}

/** What the caller sent that decides about the products that it sees. */
const decisive = ['authorization', 'x-moltin-currency', 'x-moltin-language', 'x-moltin-customer-token'];

function refused(body: unknown): BrandsError {
  const [fault] = (body as { errors?: { title?: string; detail?: string }[] }).errors ?? [];
  const { title = 'Bad Request', detail = 'The request was refused' } = fault ?? {};
  return new BrandsError('bad_request', { title, detail });
}
