import { type FaultDetails, type KitCode, ServiceError } from '../service/errors.ts';

/** 400: the request makes no sense. `source` is the path of the member or the name of the parameter. */
export function badRequest(detail: string, source?: string): ServiceError<KitCode> {
  return new ServiceError<KitCode>('bad_request', { detail, ...(source !== undefined && { source }) });
}

/** 422 `Failed Validation`: one fault for each wrong member. */
export function failedValidation(faults: readonly FaultDetails[]): ServiceError<KitCode> {
  return new ServiceError<KitCode>('validation_failed', { faults });
}

/** @throws ServiceError `validation_failed`: the id in the body differs from the id in the path */
export function requireSameId(pathId: string, bodyId: string | undefined): void {
  if (bodyId !== undefined && bodyId !== pathId) {
    throw failedValidation([{ detail: 'The data.id field differs from the id in the path.', source: 'data.id' }]);
  }
}

/** 422 of a value that has to be unique and is taken. `source` is such as `data.slug`. */
export function taken(source: string): ServiceError<KitCode> {
  return failedValidation([{ detail: `The ${source} field is already taken.`, source }]);
}
