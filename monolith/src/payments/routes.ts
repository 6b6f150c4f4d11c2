import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { dataOf, isMembers, objectOf } from '../api/body.ts';
import { failedValidation, forbidden, unprocessable } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import { audit } from '../audit.ts';
import { styleOf } from '../currencies/style.ts';
import { inTransaction, type PoolClient } from '../db.ts';
import { recordEvent } from '../events/record.ts';
import { findGateway } from '../gateways/store.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { findOrder, lockOrderToPay } from '../orders/read.ts';
import type { OrderRow } from '../orders/store.ts';
import type { Shop } from '../shop.ts';
import { capture, payManually, refund } from './manual.ts';
import { requireTransaction, type TransactionRow, transactionsOf, transactionView } from './transactions.ts';

const Reference = Type.Optional(Type.String({ maxLength: 255 }));
const payment = checker(
  Type.Object({
    gateway: Type.String({ minLength: 1, maxLength: 64 }),
    method: Type.Enum(['authorize', 'capture', 'purchase']),
    amount: Type.Optional(Type.Integer({ minimum: 0 })),
    paymentmethod_meta: Type.Optional(Type.Object({ custom_reference: Reference })),
  }),
);
const captureInput = checker(Type.Object({ custom_reference: Reference }));
const refundInput = checker(
  Type.Object({ amount: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })) }),
);

interface ByOrder {
  Params: { id: string };
}
interface ByTransaction {
  Params: { id: string; transaction: string };
}

export function paymentRoutes(app: FastifyInstance, shop: Shop): void {
  const transactions = '/v2/orders/:id/transactions';
  const one = `${transactions}/:transaction`;

  app.post<ByOrder>('/v2/orders/:id/payments', async (request, reply) => {
    const { gateway, method, amount, paymentmethod_meta: meta } = payment(objectOf(request.body));
    return replyOnce(shop, request, reply, 201, async (db) => {
      // The lock queues concurrent payments of one order; the second payment finds the order paid.
      const order = await lockOrderToPay(db, request, request.params.id);
      if (amount !== undefined && amount !== order.with_tax) {
        throw failedValidation([
          { detail: 'The data.amount field must be the amount of the whole order.', source: 'data.amount' },
        ]);
      }
      await requireUsable(db, gateway);
      const row = await payManually(shop, db, order, method, meta?.custom_reference, shop.now());
      return record(db, request, row);
    });
  });

  app.get<ByOrder>(transactions, async (request) => {
    const order = await orderOfAdmin(shop, request);
    const style = await styleOf(shop.db, order.currency);
    return { data: (await transactionsOf(shop.db, order.id)).map((row) => transactionView(row, style)) };
  });

  app.get<ByTransaction>(one, async (request) => {
    const order = await orderOfAdmin(shop, request);
    const row = await requireTransaction(shop.db, order.id, request.params.transaction);
    return { data: transactionView(row, await styleOf(shop.db, order.currency)) };
  });

  app.post<ByTransaction>(`${one}/capture`, (request, reply) => {
    const { custom_reference } = captureInput(optionalData(request));
    return settle(request, reply, (db, order) =>
      capture(shop, db, order, request.params.transaction, custom_reference, shop.now()),
    );
  });

  app.post<ByTransaction>(`${one}/refund`, (request, reply) => {
    const { amount } = refundInput(optionalData(request));
    return settle(request, reply, (db, order) =>
      refund(shop, db, order, request.params.transaction, amount, shop.now()),
    );
  });

  app.post<ByTransaction>(`${one}/confirm`, async (request) => {
    await inTransaction(shop.db, async (db) => {
      const order = await lockOrderToPay(db, request, request.params.id);
      await requireTransaction(db, order.id, request.params.transaction);
    });
    throw unprocessable('Cannot complete request', 'This transaction does not wait for a confirmation');
  });

  async function settle(
    request: FastifyRequest<ByTransaction>,
    reply: FastifyReply,
    work: (db: PoolClient, order: OrderRow) => Promise<TransactionRow>,
  ) {
    onlyAdmin(request);
    return replyOnce(shop, request, reply, 200, async (db) => {
      const order = await findOrder(db, request, request.params.id, true);
      return record(db, request, await work(db, order));
    });
  }

  async function record(db: PoolClient, request: FastifyRequest, row: TransactionRow) {
    const action = row.transaction_type;
    await audit(shop, db, request.access, { action, entity: 'transaction', entityId: row.id });
    const shown = { data: transactionView(row, await styleOf(db, row.currency)) };
    // A capture changes the transaction of its authorization; every other action makes one.
    const what = row.updated_at > row.created_at ? 'updated' : 'created';
    await recordEvent(db, shop.now(), `transaction.${what}`, row.id, shown);
    return shown;
  }
}

async function orderOfAdmin(shop: Shop, request: FastifyRequest<ByOrder>): Promise<OrderRow> {
  onlyAdmin(request);
  return findOrder(shop.db, request, request.params.id);
}

/** Only the manual gateway takes payments. The other gateways can be configured, but are not connected. */
async function requireUsable(db: PoolClient, slug: string): Promise<void> {
  const gateway = slug.includes('\0') ? undefined : await findGateway(db, slug);
  if (gateway === undefined) throw unprocessable('Payment failed', `There is no gateway ${JSON.stringify(slug)}`);
  if (!gateway.enabled) throw unprocessable('Payment failed', `The gateway ${slug} is not enabled`);
  if (slug !== 'manual') throw unprocessable('Payment failed', `The gateway ${slug} cannot be reached`);
}

function onlyAdmin(request: FastifyRequest): void {
  if (request.access.kind !== 'client_credentials') throw forbidden('Transactions need client credentials');
}

/** Clients send no body, an empty object, or `data`. */
function optionalData(request: FastifyRequest): unknown {
  const { body } = request;
  if (isMembers(body) && Object.keys(body).length === 0) return {};
  return dataOf(body) ?? {};
}
