import type { Body } from './step.ts';

/** A product that can be bought as often as a run does, and a category that shows it. */
export interface Goods {
  categoryId: string;
  productId: string;
  slug: string;
}

/** One call with an administrator's token. */
export type CallApi = (method: string, path: string, data?: object) => Promise<Body>;

/** How many different products are bought: enough that no row is hot. */
const wanted = 40;
/** Each journey buys two. */
const stockMin = 20_000;
const pageSize = 100;

/** Finds what shoppers buy, and stocks it up. Products without a price in US dollars or without a category are left out. */
export async function findGoods(call: CallApi): Promise<Goods[]> {
  await call('PUT', '/v2/gateways/manual', { type: 'gateway', slug: 'manual', enabled: true });
  const goods: Goods[] = [];
  for (let offset = 0; goods.length < wanted; offset += pageSize) {
    const { data } = await call(
      'GET',
      `/v2/products?filter=eq(status,live)&page[limit]=${pageSize}&page[offset]=${offset}`,
    );
    for (const product of data) {
      const categoryId = product.relationships?.categories?.data?.[0]?.id;
      const isPriced = product.price?.some(({ currency }: { currency: string }) => currency === 'USD');
      // What has variations is not sold itself: its children are.
      const isParent = product.relationships?.variations?.data?.length > 0 || product.relationships?.children;
      if (categoryId === undefined || !isPriced || isParent || goods.length >= wanted) continue;
      if (product.manage_stock && product.meta.stock.level < stockMin) {
        const transaction = { type: 'stock-transaction', action: 'increment', quantity: stockMin };
        await call('POST', `/v2/inventories/${product.id}/transactions`, transaction);
      }
      goods.push({ categoryId, productId: product.id, slug: product.slug });
    }
    if (data.length < pageSize) break;
  }
  if (goods.length === 0) throw new Error('there is no product that can be bought');
  return goods;
}
