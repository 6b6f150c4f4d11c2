import type { MeshClient } from '@banyan/kit/client';
import { JobsError } from './errors.ts';
import { type Order, orderIn } from './order.ts';

/** One page of orders as their owner has them. */
export interface OrdersPage {
  orders: readonly Order[];
  /** Up to where this page reads: everything that commits later is newer. */
  position: string;
  /** How many orders there are. */
  total: number;
  /** Whether there may be further ones. */
  more: boolean;
  /** Whether the page is one of all orders, since the owner cannot tell what changed. */
  whole: boolean;
}

/** What the owner of the orders is asked for: those that changed since a position, or named ones. */
export interface OrdersWanted {
  since: string | null;
  after: string | null;
  ids?: readonly string[];
}

/** The owner of the orders, asked by name through the mesh. */
export interface OrdersOwner {
  /** @throws JobsError `peer_unavailable`: the owner cannot be asked, or its reply cannot be read */
  page(wanted: OrdersWanted): Promise<OrdersPage>;
}

const timeoutMs = 30_000;

/** @param credentials of this service at internal paths of others. Null: the owner cannot be asked */
export function ordersOwner(
  mesh: Pick<MeshClient, 'send'>,
  credentials: { id: string; secret: string } | null,
): OrdersOwner {
  return {
    page: async ({ since, after, ids }) => {
      if (credentials === null) throw unavailable('this service has no credentials for them');
      const query = new URLSearchParams({
        ...(since !== null && { since }),
        ...(after !== null && { after }),
        ...(ids && { ids: ids.join(',') }),
      });
      const { status, text } = await mesh.send({
        service: 'orders',
        method: 'GET',
        path: `/internal/orders?${query}`,
        headers: {
          authorization: `Basic ${Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64')}`,
        },
        timeoutMs,
      });
      if (status !== 200) throw unavailable(`their owner replied ${status}`);
      try {
        const { data, meta } = JSON.parse(text) as { data: unknown[]; meta: Omit<OrdersPage, 'orders'> };
        const { position, total, more, whole } = meta;
        if (!/^\d+$/.test(position) || !Number.isSafeInteger(total)) throw new Error('a reply without a position');
        return { orders: data.map(orderIn), position, total, more: more === true, whole: whole === true };
      } catch (error) {
        throw unavailable('the reply of their owner cannot be read', error);
      }
    },
  };
}

function unavailable(why: string, cause?: unknown): JobsError {
  const detail = `The orders cannot be asked for now: ${why}`;
  return new JobsError('peer_unavailable', { detail, retryAfterS: 1, cause });
}
