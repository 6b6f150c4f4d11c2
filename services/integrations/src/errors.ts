import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type IntegrationsCode = KitCode | 'limit_reached';

export class IntegrationsError extends ServiceError<IntegrationsCode> {}

/** The HTTP status of each code. */
export const integrationsErrors = {
  limit_reached: { status: 422, title: 'Integration limit reached' },
} as const satisfies CompleteErrorTable<IntegrationsCode>;

export function integrationMissing(): IntegrationsError {
  return new IntegrationsError('not_found', { detail: 'The requested integration could not be found' });
}

export function jobMissing(): IntegrationsError {
  return new IntegrationsError('not_found', { detail: 'The requested integration job could not be found' });
}
