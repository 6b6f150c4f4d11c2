import { createHash } from 'node:crypto';
import { badRequest, type Micros, microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { kitErrors, ServiceError } from '@banyan/kit/errors';
import { causeOf } from '@banyan/kit/facts';
import { errorResponse } from '@banyan/kit/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CartsError, cartsErrors } from './errors.ts';
import type { KeptReply } from './replies.ts';
import type { Changes, Store } from './store.ts';

const errorTable = { ...kitErrors, ...cartsErrors };
const maxKeyLength = 255;

/** The errors of the API that an error is shown as. */
export function shownErrors(error: ServiceError) {
  return errorResponse(error, errorTable).faults;
}

/** Sends the reply to a request whose work happens in one transaction of a cart. */
export type ReplyOnce = (
  request: FastifyRequest,
  reply: FastifyReply,
  cartId: string,
  work: (changes: Changes) => Promise<unknown>,
) => Promise<FastifyReply>;

/**
 * Repeated requests with one `Idempotency-Key` do the work once, and get the first reply. Its record is written with the
 * effect, in one transaction.
 *
 * `work` resolves with the reply's body. A refusal that decides about the current state (400, 409 or 422 that
 * names no member of the body) is kept like a reply; any other error leaves no record, so that the client may retry.
 *
 * @throws CartsError `unprocessable`: the key was used with another body
 */
export function replyOnce(store: Pick<Store, 'transaction'>, now: Clock): ReplyOnce {
  return async (request, reply, cartId, work) => {
    const keyed = keyedRequest(request, microsOf(now()));
    const send = (status: number, body: string) =>
      reply.code(status).header('content-type', 'application/json; charset=utf-8').send(body);
    let refusal: ServiceError | undefined;
    const made = await store.transaction(cartId, causeOf(request.headers, now()), async (changes) => {
      refusal = undefined;
      const earlier = keyed && (await changes.reply(keyed.hash));
      if (keyed && earlier) return again(keyed, earlier);
      const body = await work(changes).then(
        (made) => JSON.stringify(made),
        (error: unknown) => {
          if (keyed === undefined || !isDecided(error)) throw error;
          refusal = error;
          return JSON.stringify({ errors: shownErrors(error) });
        },
      );
      const status = refusal === undefined ? 201 : (shownErrors(refusal)[0]?.status ?? 400);
      if (keyed) await changes.keep({ ...keyed, status, reply: body });
      return { status, body };
    });
    if (refusal !== undefined) throw refusal;
    return send(made.status, made.body);
  };
}

function again(keyed: Omit<KeptReply, 'status' | 'reply'>, { body_hash, status, reply }: KeptReply) {
  if (keyed.body_hash !== body_hash) {
    throw new CartsError('unprocessable', {
      title: 'Idempotency-Key reused',
      detail: 'This Idempotency-Key was sent before with another body',
    });
  }
  return { status, body: reply };
}

function isDecided(error: unknown): error is ServiceError {
  if (!(error instanceof ServiceError)) return false;
  const faults = shownErrors(error);
  return faults.every(({ status, source }) => [400, 409, 422].includes(status) && source === undefined);
}

function keyedRequest(request: FastifyRequest, createdAt: Micros): Omit<KeptReply, 'status' | 'reply'> | undefined {
  const key = keyOf(request.headers['idempotency-key']);
  if (key === undefined) return undefined;
  const { kind, clientId, subject: customer = '' } = request.caller;
  const client = `${kind} ${clientId}`;
  const { method } = request;
  const path = (request.url.split('?', 1)[0] ?? '').replace(/\/+$/, '');
  return {
    hash: sha256(JSON.stringify([client, customer, method, path, key])),
    ...{ client, customer, method, path, key },
    body_hash: sha256(request.bodyText ?? ''),
    created_at: createdAt,
  };
}

/**
 * The key: a quoted string (RFC 9651, section 3.3.3) or, as most clients send it, a bare one without spaces and quotes.
 *
 * @throws ServiceError `bad_request`: the value has neither form, or is too long
 */
export function keyOf(field: string | string[] | undefined): string | undefined {
  if (field === undefined) return undefined;
  const text = Array.isArray(field) ? field.join(', ') : field.trim();
  const key = /^"(?:[ !#-[\]-~]|\\["\\])+"$/.test(text)
    ? text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
    : /^[!#-~]+$/.test(text)
      ? text
      : undefined;
  if (key === undefined || key.length > maxKeyLength) {
    throw badRequest(`Idempotency-Key is one text of 1 to ${maxKeyLength} visible ASCII characters`);
  }
  return key;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
