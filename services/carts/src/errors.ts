import { type CompleteErrorTable, type KitCode, kitErrors, ServiceError } from '@banyan/kit/errors';
import { errorResponse } from '@banyan/kit/http';

/** All errors that this service raises on purpose. */
export type CartsCode = KitCode | 'unprocessable';

export class CartsError extends ServiceError<CartsCode> {}

/** The HTTP status of each code. */
export const cartsErrors = {
  unprocessable: { status: 422, title: 'Failed Validation' },
} as const satisfies CompleteErrorTable<CartsCode>;

/** The errors of the API that an error is shown as. */
export function shownErrors(error: ServiceError) {
  return errorResponse(error, { ...kitErrors, ...cartsErrors }).faults;
}

/** 400 with its own title. `meta` names the subject. */
export function refused(title: string, detail: string, meta?: Readonly<Record<string, unknown>>): CartsError {
  return new CartsError('bad_request', { title, detail, ...(meta && { meta }) });
}

export function notFound(detail: string, title?: string): CartsError {
  return new CartsError('not_found', { detail, ...(title !== undefined && { title }) });
}

export function forbidden(detail: string): CartsError {
  return new CartsError('forbidden', { detail });
}

export function productMissing(): CartsError {
  return notFound('The requested product could not be found', 'Product not found');
}

export function insufficientStock({ id, sku }: { id: string; sku: string }): CartsError {
  return refused('Insufficient stock', `There is not enough stock to add ${sku} to your cart`, { id, sku });
}

export function mixedCurrencies(currency: string): CartsError {
  return refused('Bad Request', `The cart holds items in ${currency}; a cart has one currency`);
}
