import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type JobsCode = KitCode | 'unprocessable' | 'currency_disabled';

export class JobsError extends ServiceError<JobsCode> {}

/** The HTTP status of each code. */
export const jobsErrors = {
  unprocessable: { status: 422, title: 'Failed Validation' },
  currency_disabled: { status: 400, title: 'BadRequestError' },
} as const satisfies CompleteErrorTable<JobsCode>;

export function notFound(detail: string): JobsError {
  return new JobsError('not_found', { detail });
}
