import { notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import type { Queryable } from '../db.ts';
import { type CurrencyStyle, formattedPrice } from '../money.ts';

export type TransactionType = 'purchase' | 'authorize' | 'capture' | 'refund';

export interface TransactionRow {
  id: string;
  order_id: string;
  gateway: string;
  reference: string;
  custom_reference: string | null;
  /** Minor units. */
  amount: number;
  currency: string;
  transaction_type: TransactionType;
  status: 'complete' | 'failed' | 'pending';
  created_at: Date;
  updated_at: Date;
}

const columns = `id, order_id, gateway, reference, custom_reference, amount::float8 as amount, currency,
  transaction_type, status, created_at, updated_at`;

/** The transactions of an order, oldest first. */
export async function transactionsOf(db: Queryable, orderId: string): Promise<TransactionRow[]> {
  const { rows } = await db.query<TransactionRow>(
    `select ${columns} from transactions where order_id = $1 order by created_at, id`,
    [orderId],
  );
  return rows;
}

/** @throws ShopError `not_found` when the order has no such transaction */
export async function requireTransaction(db: Queryable, orderId: string, id: string): Promise<TransactionRow> {
  const found = isUuid(id) ? (await transactionsOf(db, orderId)).find((row) => row.id === id.toLowerCase()) : undefined;
  if (found === undefined) throw notFound('The requested transaction could not be found');
  return found;
}

export interface NewTransaction {
  orderId: string;
  gateway: string;
  customReference: string | undefined;
  /** Minor units. */
  amount: number;
  currency: string;
  type: TransactionType;
}

/** Records a successful transaction. */
export async function insertTransaction(db: Queryable, made: NewTransaction, now: Date): Promise<TransactionRow> {
  const { rows } = await db.query<TransactionRow>(
    `insert into transactions (order_id, gateway, reference, custom_reference, amount, currency, transaction_type,
       status, created_at, updated_at)
     values ($1, $2, $2, $3, $4, $5, $6, 'complete', $7, $7) returning ${columns}`,
    [made.orderId, made.gateway, made.customReference, made.amount, made.currency, made.type, now],
  );
  if (rows[0] === undefined) throw new Error('An insert gave no row');
  return rows[0];
}

/** Changes an authorization into a capture: the same transaction goes on. */
export async function markCaptured(
  db: Queryable,
  id: string,
  customReference: string | undefined,
  now: Date,
): Promise<TransactionRow> {
  const { rows } = await db.query<TransactionRow>(
    `update transactions set transaction_type = 'capture', custom_reference = coalesce($2, custom_reference),
       updated_at = $3 where id = $1 returning ${columns}`,
    [id, customReference, now],
  );
  if (rows[0] === undefined) throw new Error('A locked transaction vanished');
  return rows[0];
}

/** A transaction in the form of the API. Older clients read the hyphenated member, newer clients the other. */
export function transactionView(row: TransactionRow, style: CurrencyStyle) {
  const created = row.created_at.toISOString();
  return {
    id: row.id,
    type: 'transaction',
    reference: row.reference,
    ...(row.custom_reference !== null && { custom_reference: row.custom_reference }),
    gateway: row.gateway,
    amount: row.amount,
    currency: row.currency,
    transaction_type: row.transaction_type,
    'transaction-type': row.transaction_type,
    status: row.status,
    relationships: { order: { data: { type: 'order', id: row.order_id } } },
    meta: {
      display_price: formattedPrice(row.amount, style),
      created_at: created,
      timestamps: { created_at: created, updated_at: row.updated_at.toISOString() },
    },
  };
}
