import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PoolClient } from '../db.ts';
import type { Shop } from '../shop.ts';
import { parseKey } from './key.ts';
import type { Keyed } from './keyed.ts';
import { once, type Reply } from './once.ts';

/** The longest wait for a concurrent request with the same key, even if the caller has more time. */
const maxWaitMs = 10_000;

/** The mesh sends the remaining time of its caller in this header, in milliseconds. */
const deadlineHeader = 'x-request-timeout-ms';

/**
 * Replies to a request under `/v2`. Repeated requests with one `Idempotency-Key` do the work once. See `once`.
 *
 * @param path of which the key is; default: that of the request. For requests that have several paths
 */
export async function replyOnce(
  shop: Shop,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  work: (db: PoolClient) => Promise<unknown>,
  path?: string,
): Promise<FastifyReply> {
  const stored = await once(shop.db, shop.now(), keyedRequest(request, path), async (db) => ({
    status,
    body: await work(db),
  }));
  return sendReply(reply, stored);
}

/** Sends a reply whose body is already JSON. */
export function sendReply(reply: FastifyReply, { status, body }: Reply): FastifyReply {
  return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(body);
}

/** How long a request may wait for a concurrent one with the same key, in ms: less than its caller. */
export function waitMsOf(request: FastifyRequest): number {
  const given = Number(request.headers[deadlineHeader]);
  // A tenth remains for the work after the wait.
  return Number.isFinite(given) && given > 0 ? Math.min(given * 0.9, maxWaitMs) : maxWaitMs;
}

function keyedRequest(
  request: FastifyRequest,
  path = (request.url.split('?', 1)[0] ?? '').replace(/\/+$/, ''),
): Keyed | undefined {
  const key = parseKey(request.headers['idempotency-key']);
  if (key === undefined) return undefined;
  const { kind, clientId, customerId = '' } = request.access;
  return {
    key,
    client: `${kind} ${clientId}`,
    customer: customerId,
    method: request.method,
    path,
    body: request.bodyText ?? '',
    waitMs: waitMsOf(request),
  };
}
