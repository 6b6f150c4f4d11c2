import type { TLocalizedValidationError } from 'typebox/error';
import { Compile, type Static, type TSchema } from '../../vendor/typebox.js';
import type { FaultDetails } from '../service/errors.ts';
import { failedValidation } from './faults.ts';

/** Checks a value and returns it typed. */
export type Check<Schema extends TSchema> = (value: unknown) => Static<Schema>;

/**
 * Compiles a schema into a check, which reports one fault for each wrong member, with its path from `root`
 * (`data.price.0.amount`).
 *
 * @returns a function that throws ServiceError `validation_failed` when a member breaks the schema
 */
export function checker<Schema extends TSchema>(schema: Schema, root = 'data'): Check<Schema> {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return value as Static<Schema>;
    throw failedValidation(faultsOf(validator.Errors(value), root));
  };
}

function faultsOf(errors: readonly TLocalizedValidationError[], root: string): FaultDetails[] {
  const faults = new Map<string, FaultDetails>();
  for (const error of errors) {
    const path = root + error.instancePath.replaceAll('/', '.');
    const missing = error.keyword === 'required' ? error.params.requiredProperties : [undefined];
    for (const name of missing) {
      const source = name === undefined ? path : `${path}.${name}`;
      const detail = `The ${source} field ${name === undefined ? complaintOf(error) : 'is required'}.`;
      // The first complaint about a member is enough: the others are often consequences of it.
      if (!faults.has(source)) faults.set(source, { detail, source });
    }
  }
  return [...faults.values()];
}

function complaintOf(error: TLocalizedValidationError): string {
  return error.keyword === 'enum' ? `must be one of ${error.params.allowedValues.join(', ')}` : error.message;
}
