import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type JobsCode = KitCode;

export class JobsError extends ServiceError<JobsCode> {}

/** The HTTP status of each code. */
export const jobsErrors = {} as const satisfies CompleteErrorTable<JobsCode>;

export function notFound(detail: string): JobsError {
  return new JobsError('not_found', { detail });
}
