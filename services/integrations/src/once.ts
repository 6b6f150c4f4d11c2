import { createHash } from 'node:crypto';
import { badRequest, microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { kitErrors, ServiceError } from '@banyan/kit/errors';
import { causeOf } from '@banyan/kit/facts';
import { errorResponse } from '@banyan/kit/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IntegrationsError, integrationsErrors } from './errors.ts';
import { claimKey, type KeptReply, type KeyedRequest, keepReply } from './store/kept-replies.ts';
import type { Store, Write } from './store.ts';

const errorTable = { ...kitErrors, ...integrationsErrors };
const maxKeyLength = 255;

/** What a keyed request made, and the body of the reply. */
export interface Made {
  integrationId: string;
  body: unknown;
}

/**
 * Replies 201 to a request that makes an integration. Repeated requests with one `Idempotency-Key` do the work once, and
 * get the first reply: its record is written with the effect, in one transaction.
 *
 * A refusal that decides about the current state (400, 409 or 422 that names no member of the body) is kept like a reply;
 * `work` throws it before it writes. Any other error leaves no record, so that the client may retry.
 *
 * @throws IntegrationsError `key_reused`: the key was used with another body
 */
export async function replyOnce(
  { store, now }: { store: Pick<Store, 'write'>; now: Clock },
  request: FastifyRequest,
  reply: FastifyReply,
  work: (write: Write) => Promise<Made>,
): Promise<FastifyReply> {
  const keyed = keyedRequest(request, now);
  let refusal: ServiceError | undefined;
  const made = await store.write(
    async (write) => {
      refusal = undefined;
      const earlier = keyed && (await claimKey(write.tx, keyed));
      if (keyed && earlier) return again(keyed, earlier);
      const done = await work(write).catch((error: unknown) => {
        if (keyed === undefined || !isDecided(error)) throw error;
        refusal = error;
        return { integrationId: null, body: { errors: shownErrors(error) } };
      });
      const status = refusal === undefined ? 201 : (shownErrors(refusal)[0]?.status ?? 400);
      const { integrationId } = done;
      const text = JSON.stringify(done.body);
      if (keyed) await keepReply(write.tx, keyed.hash, { status, reply: text, integrationId });
      return { status, reply: text };
    },
    causeOf(request.headers, now()),
  );
  if (refusal !== undefined) throw refusal;
  return reply.code(made.status).header('content-type', 'application/json; charset=utf-8').send(made.reply);
}

function again(keyed: KeyedRequest, { bodyHash, status, reply }: KeptReply) {
  if (keyed.bodyHash !== bodyHash) {
    throw new IntegrationsError('key_reused', { detail: 'This Idempotency-Key was sent before with another body' });
  }
  return { status, reply };
}

function shownErrors(error: ServiceError) {
  return errorResponse(error, errorTable).faults;
}

function isDecided(error: unknown): error is ServiceError {
  if (!(error instanceof ServiceError)) return false;
  return shownErrors(error).every(({ status, source }) => [400, 409, 422].includes(status) && source === undefined);
}

function keyedRequest(request: FastifyRequest, now: Clock): KeyedRequest | undefined {
  const key = keyOf(request.headers['idempotency-key']);
  if (key === undefined) return undefined;
  const { kind, clientId, subject: customer = '' } = request.caller;
  const client = `${kind} ${clientId}`;
  const { method } = request;
  const path = (request.url.split('?', 1)[0] ?? '').replace(/\/+$/, '');
  const hash = sha256(JSON.stringify([client, customer, method, path, key]));
  const bodyHash = sha256(request.bodyText ?? '');
  return { hash, client, customer, method, path, key, bodyHash, createdAt: microsOf(now()) };
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
