import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorResponse } from '../http/errors.ts';
import type { Clock } from '../service/clock.ts';
import { type ErrorTable, kitErrors, ServiceError } from '../service/errors.ts';
import { type KeptReplies, requireSameBody } from './kept-reply.ts';
import { keyedRequest } from './keyed-request.ts';

/** Where the work of keyed requests happens. */
export interface OnceStore<Tx> {
  /** Runs `work` in one transaction. May repeat it. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  replies(tx: Tx): Pick<KeptReplies, 'claim' | 'keep'>;
}

/** What a request made. */
export interface Made {
  /** The body of the reply. */
  body: unknown;
  /** The aggregate that the reply moves with. Absent: it stays in this store. */
  owner?: string;
}

export interface OnceOptions {
  request: FastifyRequest;
  reply: FastifyReply;
  /** The service's table: a refusal that is kept has its status. */
  errors: ErrorTable;
  now: Clock;
}

/**
 * Replies 201 to a request that makes something. Repeated requests with one `Idempotency-Key` do the work once, and get
 * the first reply: its record is written with the effect, in one transaction.
 *
 * A refusal that decides about the current state (400, 409 or 422 that names no member of the body) is kept like a
 * reply; `work` throws it before it writes. Any other error leaves no record, so that the client may retry.
 *
 * @param work runs in the transaction, maybe more than once
 * @throws ServiceError `key_reused`: the key was used with another body; `bad_request`: it has no form of a key
 */
export async function replyOnce<Tx>(
  { request, reply, errors, now }: OnceOptions,
  store: OnceStore<Tx>,
  work: (tx: Tx) => Promise<Made>,
): Promise<FastifyReply> {
  const keyed = keyedRequest(request, now());
  const faultsOf = (error: ServiceError) => errorResponse(error, { ...kitErrors, ...errors }).faults;
  const isDecided = (error: unknown): error is ServiceError =>
    error instanceof ServiceError &&
    faultsOf(error).every(({ status, source }) => decided.has(status) && source === undefined);
  let refusal: ServiceError | undefined;

  const made = await store.transaction(async (tx) => {
    refusal = undefined;
    if (keyed === undefined) return { status: 201, reply: JSON.stringify((await work(tx)).body) };
    const replies = store.replies(tx);
    const earlier = await replies.claim(keyed);
    if (earlier) {
      requireSameBody(keyed, earlier);
      return earlier;
    }
    const { body, owner = null } = await work(tx).catch((error: unknown): Made => {
      if (!isDecided(error)) throw error;
      refusal = error;
      return { body: { errors: faultsOf(error) } };
    });
    const status = refusal === undefined ? 201 : (faultsOf(refusal)[0]?.status ?? 400);
    const kept = { ...keyed, status, reply: JSON.stringify(body) };
    await replies.keep(kept, owner);
    return kept;
  });
  if (refusal !== undefined) throw refusal;
  return reply.code(made.status).header('content-type', 'application/json; charset=utf-8').send(made.reply);
}

/** Statuses of refusals that decide about the current state. */
const decided = new Set([400, 409, 422]);
