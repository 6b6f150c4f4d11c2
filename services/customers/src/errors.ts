import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type CustomersCode = KitCode | 'no_token_key';

export class CustomersError extends ServiceError<CustomersCode> {}

/** The HTTP status of each code. */
export const customersErrors = {
  // The migration brings the key of the monolith, and has not yet.
  no_token_key: { status: 503, title: 'Service Unavailable' },
} as const satisfies CompleteErrorTable<CustomersCode>;

export function customerMissing(): CustomersError {
  return new CustomersError('not_found', { detail: 'customer not found' });
}

export function addressMissing(): CustomersError {
  return new CustomersError('not_found', { detail: 'The requested address could not be found' });
}
