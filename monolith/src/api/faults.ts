import { type Fault, ShopError } from '../errors.ts';

export type { Fault } from '../errors.ts';

/** 400 `Bad Request`: the request makes no sense. */
export function badRequest(detail: string, source?: string): ShopError {
  return new ShopError('bad_request', { detail, ...(source !== undefined && { source }) });
}

/** 400 with its own title. `meta` names the subject, as the API does for stock. */
export function refused(title: string, detail: string, meta?: Record<string, unknown>): ShopError {
  return new ShopError('bad_request', { title, detail, ...(meta && { meta }) });
}

export function notFound(detail: string, title = 'Not Found'): ShopError {
  return new ShopError('not_found', { title, detail });
}

export function forbidden(detail: string): ShopError {
  return new ShopError('forbidden', { detail });
}

/** 422 `Failed Validation`: one fault for each wrong member. */
export function failedValidation(faults: readonly Fault[]): ShopError {
  return new ShopError('validation_failed', faults);
}

/** 422: the request is well formed, but the current state does not allow it. */
export function unprocessable(title: string, detail: string): ShopError {
  return new ShopError('validation_failed', { title, detail });
}
