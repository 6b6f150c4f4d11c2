import type { FastifyError, FastifyInstance } from 'fastify';
import { isStoreUnavailable, isUnstorable } from './db.ts';
import { type ErrorCode, errorBody, ShopError, statusOf } from './errors.ts';

/** Answers every error and every unknown path in the API's error shape; what is unforeseen is logged, not shown. */
export function errorHandlers(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((thrown, request, reply) => {
    const error = asShopError(thrown);
    const status = statusOf(error.code);
    if (status >= 500) request.log.error({ err: thrown }, 'request failed');
    if (status === 503) reply.header('retry-after', '1');
    return reply.code(status).send(errorBody(error, request.id));
  });
  const unknownPath = () => new ShopError('not_found', { detail: 'The requested path could not be found' });
  app.setNotFoundHandler(() => {
    throw unknownPath();
  });
  // Before the body is read: whatever is sent to a path that does not exist, the answer is the same.
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw unknownPath();
  });
}

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  413: 'body_too_large',
  415: 'unsupported_media_type',
};

function asShopError(thrown: FastifyError): ShopError {
  if (thrown instanceof ShopError) return thrown;
  if (isStoreUnavailable(thrown)) {
    return new ShopError('store_unavailable', { detail: 'The store does not answer; try again' }, { cause: thrown });
  }
  if (isUnstorable(thrown)) {
    return new ShopError(
      'bad_request',
      { detail: 'The request holds a value that cannot be stored' },
      { cause: thrown },
    );
  }
  const status = thrown.statusCode ?? 500;
  if (status < 400 || status >= 500) return new ShopError('internal', {}, { cause: thrown });
  return new ShopError(BY_STATUS[status] ?? 'bad_request', { detail: thrown.message }, { cause: thrown });
}
