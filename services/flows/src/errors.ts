import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type FlowsCode = KitCode | 'field_limit';

export class FlowsError extends ServiceError<FlowsCode> {}

/** The HTTP status of each code. */
export const flowsErrors = {
  field_limit: { status: 422, title: 'Field limit reached' },
} as const satisfies CompleteErrorTable<FlowsCode>;

/** @param what such as `flow` */
export function missing(what: string): FlowsError {
  return new FlowsError('not_found', { detail: `The requested ${what} could not be found` });
}
